"""The journeys of docs/first-data.md, typed as they stand there, on a terminal of 80 columns."""

import csv
import json
import re
import runpy
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "first-data.md").read_text(encoding="utf-8")
QUIET = ["runtime.backend=torch", "runtime.threads=1", "logging=quiet"]
"""Beside what is typed to train: the cheapest backend, without pictures."""

SCRIPT = """
import contextlib, io, json, os, sys
from fmtool.cli.main import main

class Screen(io.StringIO):
    def isatty(self):
        return True

os.environ |= {"COLUMNS": "80", "LINES": "40", "TERM": "dumb", "NO_COLOR": "1"}
for line in open(sys.argv[1]):
    out, err = Screen(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = int(main(json.loads(line)))
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""


def section(title):
    """The blocks of commands and output below a heading."""
    text = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return "\n".join(re.findall(r"```console\n(.*?)```", text, re.DOTALL))


def typed(title):
    """Words, and what is shown below them, of each command of fmtool of a section."""
    found = re.split(r"^\$ ", section(title), flags=re.MULTILINE)[1:]
    parts = [each.partition("\n") for each in found]
    return [(shlex.split(line)[1:], shown) for line, _, shown in parts if line.startswith("fmtool")]


TITLES = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def place(session_command, tmp_path_factory):
    """A folder with the data of the page."""
    command = session_command(tmp_path_factory.mktemp("journeys"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(command.folder)
        runpy.run_path(str(ROOT / "examples" / "own_data" / "make.py"), run_name="__main__")
    return command


@pytest.fixture(scope="module")
def journeys(place):
    """How each command of the page ended, all typed one after the other."""
    commands = [(title, words, shown) for title in TITLES for words, shown in typed(title)]
    lines = (json.dumps([*words, *(QUIET if words[0] == "train" else [])])
             for _, words, _ in commands)  # fmt: skip
    file = place.write("typed.jsonl", "\n".join(lines) + "\n")
    outcome = place.forked_python("torch", SCRIPT, str(file))
    assert outcome.code == 0, outcome.err
    ended = [json.loads(line) for line in outcome.out.splitlines()]
    return [(*each, *how) for each, how in zip(commands, ended, strict=True)]


def test_the_page_has_five_journeys():
    assert TITLES == [
        "Pictures of several kinds", "A new folder to evaluate", "Texts",
        "Arrays under other names", "A table of numbers",
    ]  # fmt: skip


@pytest.mark.parametrize("title", TITLES)
def test_each_command_ends_as_it_is_shown(journeys, title):
    for _, words, shown, code, _, err in (each for each in journeys if each[0] == title):
        assert code == (65 if shown.startswith("error: ") else 0), (words, err)
        if shown.startswith("error: "):
            assert err == shown


@pytest.mark.parametrize("title", TITLES)
def test_what_is_typed_to_train_is_what_was_printed(journeys, title):
    proposed = [
        line.strip()
        for _, words, _, _, out, _ in journeys
        if words[:2] == ["data", "inspect"]
        for line in out.splitlines()
    ]
    for words, _ in typed(title):
        if words[0] == "train":
            more = [w for w in words if not w.startswith(("name=", "epochs=", "batch_size="))]
            assert shlex.join(["fmtool", *more]) in proposed


@pytest.mark.parametrize("title", TITLES)
def test_what_is_found_is_shown_on_the_page_within_80_columns(journeys, title):
    looks = [each for each in journeys if each[0] == title and each[1][0] == "data"]
    for _, words, shown, _, out, _ in looks:
        lines = [line for line in out.splitlines() if "fmtool " not in line]
        assert max(map(len, lines), default=0) <= 80, words
        there = [line for line in shown.splitlines() if line.strip() not in ("...", "")]
        assert [line for line in there if line not in out.splitlines()] == [
            line for line in there if line.startswith("error: ")
        ]


def test_the_models_are_judged_and_all_new_samples_measured(journeys, place):
    accuracies = [
        float(re.search(r"^ accuracy +([\d.]+)", out, re.MULTILINE)[1])
        for _, words, _, _, out, _ in journeys
        if words[0] == "evaluate"
    ]
    assert len(accuracies) == 6
    assert min(accuracies) > 0.8
    with (place.folder / "found.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert (len(found), {row["truth"] for row in found}) == (80, {"three", "eight"})
    with (place.folder / "findings.csv").open(newline="") as file:
        assert {row["label"] for row in csv.DictReader(file)} == {"benign", "malignant"}
    assert any((place.folder / "runs").glob("*/export/onnx/model.onnx"))
