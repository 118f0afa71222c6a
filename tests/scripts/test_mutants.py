"""What scripts/mutants changes, what it leaves out, and which of all that it draws."""

from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cosmic_ray")

ROOT = Path(__file__).parents[2]
SOURCE = '''"""A module that decides 1 > 0."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    ZERO = 0


def is_over(value: "int | None" = None, *, most: int = 3) -> bool | None:
    """Whether 1 + 1 is too much."""
    if value is None:
        raise ValueError(f"more than {most + 1}")
    return value > most
'''


@pytest.fixture
def mutants(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The script as a module."""
    loader = SourceFileLoader("mutants", str(ROOT / "scripts" / "mutants"))
    spec = spec_from_loader("mutants", loader)
    assert spec is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(__import__("sys").modules, "mutants", module)
    loader.exec_module(module)
    return module


@pytest.fixture
def drawn(mutants: Any) -> Callable[..., list[Any]]:
    def draw(*sources: str, **words: Any) -> list[Any]:
        named = {f"unit/m{number}": source for number, source in enumerate(sources)}
        return [mutant for mutant, _ in mutants.draw(named, **{"seed": 1, "count": 99} | words)]

    return draw


def test_what_no_test_should_see_is_left_as_it_is(drawn: Callable[..., list[Any]]) -> None:
    assert {mutant.text for mutant in drawn(SOURCE)} == {
        'def is_over(value: "int | None" = None, *, most: int = 3) -> bool | None:',
        "if value is None:",
        "return value > most",
    }


def test_a_change_is_one_comparison_or_number(mutants: Any) -> None:
    texts = [text for _, text in mutants.draw({"unit/m": SOURCE}, seed=1, count=99)]
    assert SOURCE.replace("value > most", "value >= most") in texts
    assert SOURCE.replace("int = 3", "int = 4") in texts


def test_the_same_seed_draws_the_same_and_modules_take_turns(
    drawn: Callable[..., list[Any]],
) -> None:
    some = drawn(SOURCE, SOURCE, count=6)
    assert some == drawn(SOURCE, SOURCE, count=6)
    assert {mutant.module for mutant in some} == {"unit/m0", "unit/m1"}
    assert some != drawn(SOURCE, SOURCE, count=6, seed=2)


def test_mutants_of_an_earlier_table_are_found_on_lines_that_have_moved(
    drawn: Callable[..., list[Any]],
) -> None:
    earlier = drawn(SOURCE, count=4, seed=7)
    again = drawn(SOURCE.replace("def is_over", "\n\ndef is_over"), count=6, first=earlier)
    assert [each.key for each in again[:4]] == [each.key for each in earlier]
    assert [each.line for each in again[:4]] == [each.line + 2 for each in earlier]
    assert len(again) == 6
    gone = [each for each in earlier if "return" in each.text]
    rest = drawn(SOURCE.replace("return value > most", "return False"), first=earlier)
    assert not {each.key for each in gone} & {each.key for each in rest}


def test_every_module_of_the_map_exists_and_has_a_test_file(mutants: Any) -> None:
    for module, tests in mutants.TESTS.items():
        assert (ROOT / "fmtool" / f"{module}.py").is_file()
        paths = [ROOT / "tests" / word.partition("::")[0] for word in tests.split()]
        assert any(path.exists() or path.with_suffix(".py").exists() for path in paths), module
