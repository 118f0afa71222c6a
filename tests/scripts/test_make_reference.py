"""The pages of docs/reference are what the script writes, and hold every key there is."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_reference.py"
sys.path.insert(0, str(SCRIPT.parent))
spec = spec_from_file_location("make_reference", SCRIPT)
make_reference = sys.modules["make_reference"] = module_from_spec(spec)
spec.loader.exec_module(make_reference)
sys.path.remove(str(SCRIPT.parent))


def test_no_page_is_stale():
    stale = [
        path.name
        for path, text in make_reference.pages().items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    assert stale == [], "run python scripts/make_reference.py"


def test_every_page_is_written_by_the_script():
    assert set(make_reference.PAGES.glob("*.md")) == set(make_reference.pages())


@pytest.mark.parametrize(
    ("page", "row"),
    [
        ("commands", "| `epochs` | `10` | integer > 0 | passes over the training split |"),
        ("data", "| `data.limit` | `null` | integer > 0 or `null` |"),
        ("optimizer", "| `optimizer.beta_1` | `0.9` | number >= 0 and < 1 |"),
        ("settings", "| `runtime.device` | `auto` | `auto`, `cpu`, `gpu` |"),
        ("task", "| `task.threshold` |"),
        ("json", "| `verdict` | `equal`, `close`, `different` |"),
    ],
)
def test_a_key_has_its_default_its_range_and_its_meaning(page, row):
    text = make_reference.pages()[make_reference.PAGES / f"{page}.md"]
    assert f"\n{row}" in text
