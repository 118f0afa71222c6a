"""docs/reliability.md promises nothing that no test shows."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
EXIT_CODES = {"0", "3", "4", "5", "65", "69", "71", "73", "74", "75", "78", "124"}
SIGNALS = {"-1", "-2", "-9", "-13", "-15"}


def rows_of(heading):
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.*) \|$", section, re.MULTILINE)
    return [row.split(" | ") for row in rows[1:]]


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_page_names_exists(file, name):
    assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_fault_has_an_exit_code_and_a_test():
    rows = rows_of("Faults")
    assert len(rows) > 40
    for fault, what, codes, test in rows:
        assert fault
        assert what
        assert set(codes.split(", ")) <= EXIT_CODES | SIGNALS, codes
        assert re.fullmatch(r"`tests/[\w/]+\.py::\w+`", test)


def test_each_level_says_which_test_shows_it_or_that_none_does():
    levels = rows_of("Levels of reproducibility")
    assert [row[0] for row in levels] == ["R0", "R1", "R2", "R3", "R4"]
    assert all(row[2].startswith(("`tests/", "none: ")) for row in levels)
