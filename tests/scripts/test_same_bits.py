"""What scripts/same_bits tells apart."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def differences(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[str, str]]]:
    """Findings between two states, each `values` or `arrays` of one file."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from bits.compare import compare
    from bits.facts import Facts

    def found(kind: str, before: Any, after: Any, name: str = "file") -> list[tuple[str, str]]:
        old, new = (Facts(**{kind: {name: each}}) for each in (before, after))
        return [(each.kind.value, each.text) for each in compare(old, new)]

    return found


KERNEL, BIAS = np.arange(4, dtype="float32"), np.zeros(2, dtype="float32")
NAMED = [("conv/kernel", KERNEL), ("conv/bias", BIAS)]


def test_equal_arrays_and_values_are_no_difference(differences: Any) -> None:
    assert differences("arrays", NAMED, [(name, array.copy()) for name, array in NAMED]) == []
    assert differences("values", {"loss": float("nan")}, {"loss": float("nan")}) == []


def test_the_largest_difference_of_values_is_told_with_its_path(differences: Any) -> None:
    after = [("conv/kernel", KERNEL + np.float32(0.25)), ("conv/bias", BIAS)]
    text = "file: 1 of 2 arrays differ, by up to 0.25 (conv/kernel)"
    assert differences("arrays", NAMED, after) == [("values", text)]


def test_a_bit_that_no_comparison_of_numbers_sees_is_a_difference(differences: Any) -> None:
    after = [NAMED[0], ("conv/bias", -BIAS)]
    assert [kind for kind, _ in differences("arrays", NAMED, after)] == ["values"]


@pytest.mark.parametrize(
    ("after", "text"),
    [
        ([("a/kernel", KERNEL), NAMED[1]], "paths gone: conv/kernel; new: a/kernel"),
        (NAMED[::-1], "the same paths in another order"),
    ],
    ids=["path", "order"],
)
def test_other_paths_around_equal_values_are_told_apart(
    differences: Any, after: Any, text: str
) -> None:
    assert differences("arrays", NAMED, after) == [("names", f"file: equal values, {text}")]


def test_a_swap_of_values_under_the_same_paths_is_one_of_values(differences: Any) -> None:
    before = [("a", BIAS), ("b", BIAS + 1)]
    after = [("a", BIAS + 1), ("b", BIAS)]
    assert [kind for kind, _ in differences("arrays", before, after)] == ["values"]


def test_what_is_gone_is_a_difference_and_what_is_new_is_listed(differences: Any) -> None:
    assert differences("values", {"a": 1, "b": 2}, {"b": 2, "c": 3}) == [
        ("values", "file: gone: a"),
        ("new", "file: c"),
    ]


def test_numbers_in_documents_are_told_with_their_difference(differences: Any) -> None:
    text = "file: 1 numbers differ by up to 0.5; loss: 1.0 -> 1.5"
    assert differences("values", {"loss": 1.0}, {"loss": 1.5}) == [("values", text)]


def test_another_structure_of_layers_is_one_of_names(differences: Any) -> None:
    ((kind, _),) = differences("values", {"a": 1}, {"b": 1}, name="model.keras layers")
    assert kind == "names"


def test_a_command_that_fails_on_both_sides_is_a_difference(differences: Any) -> None:
    assert "bits.compare" in sys.modules
    from bits.compare import compare
    from bits.facts import Facts

    texts = [
        each.text for each in compare(Facts(["train exits 1: x"]), Facts(["train exits 1: x"]))
    ]
    assert texts == ["before: train exits 1: x", "after: train exits 1: x"]
