"""docs/security.md promises nothing that no test shows."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_test_that_the_page_names_exists(file, name):
    assert f"\ndef {name}(" in (ROOT / file).read_text(encoding="utf-8")


def test_every_promise_names_its_test():
    section = PAGE.partition("## What is promised")[2].partition("## What is not promised")[0]
    rows = [row for row in re.findall(r"^\|.*\|$", section, re.M) if not row.startswith("|---")]
    promises = [row for row in rows if row != "| promise | test |"]
    assert len(promises) > 20
    assert [row for row in promises if "`tests/" not in row] == []


def test_the_limits_on_the_page_are_those_in_force():
    from fmtool.safety import model_file, yaml_text

    for number in (
        model_file._MAX_MEMBERS, yaml_text.MAX_NODES, yaml_text.MAX_CHARACTERS,
    ):  # fmt: skip
        assert f"{number:,}" in PAGE
    assert f"ratio {model_file._HIGHEST_RATIO}," in PAGE
    assert f"{model_file._MAX_BYTES >> 30} GiB" in PAGE
    assert f"{model_file._MAX_JSON_BYTES >> 20} MiB" in PAGE
    assert f"{yaml_text.DEEPEST} levels" in PAGE
