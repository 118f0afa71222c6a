"""The lines of docs/tuning.md do what they say, in every shell that people type them in."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "tuning.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S)
LINES = [line for block in BLOCKS for line in block.splitlines()]
SEARCHES = [line for line in LINES if re.match(r"fmtool tune \w+=", line)]
SHELLS = ("bash", "zsh")


def has(shell):
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"no {shell} is installed")


@pytest.mark.parametrize("shell", [pytest.param(each, marks=has(each)) for each in SHELLS])
@pytest.mark.parametrize("line", LINES)
def test_a_shell_takes_each_line_as_it_is_meant(shell, line, tmp_path):
    script = f"fmtool() {{ printf '%s\\0' \"$@\"; }}\n{line}\n"
    # -f: without the files of whoever runs the tests.
    flags = ["-f"] if shell == "zsh" else ["--norc"]
    done = subprocess.run(
        [shell, *flags, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split("\0")[:-1] == shlex.split(line)[1:]


@pytest.mark.parametrize("line", SEARCHES)
def test_each_search_of_the_guide_could_begin(call, line):
    outcome = call(*shlex.split(line)[1:], "dry_run=true", "--json")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.json["dimensions"]


def test_every_option_of_the_guide_is_there_and_none_is_missing():
    from fmtool import registry

    text = GUIDE.read_text(encoding="utf-8")
    tables = [text.partition(f"| `{group}=` |")[2].partition("\n\n")[0] for group in
              ("tuner", "pruner")]  # fmt: skip
    for group, table in zip(("tuner", "pruner"), tables, strict=True):
        cells = [line.split("|")[1] for line in table.splitlines()[2:]]
        assert sorted(re.findall(r"`(\w+)`", " ".join(cells))) == registry.names(group)


@pytest.mark.slow
@pytest.mark.parametrize("shell", [pytest.param(each, marks=has(each)) for each in SHELLS])
def test_the_five_minutes_are_as_they_are_shown(fmtool, shell):
    binaries = fmtool.folder / "bin"
    binaries.mkdir()
    (binaries / "fmtool").write_text(f'#!/bin/sh\nexec {sys.executable} -m fmtool.cli "$@"\n')
    (binaries / "fmtool").chmod(0o755)
    environment = fmtool.environment(PATH=f"{binaries}{os.pathsep}{os.environ['PATH']}")
    tour = BLOCKS[0].replace("budget.trials=8", "budget.trials=3")  # in less than five minutes
    done = subprocess.run(
        [shell, "-c", f"set -e\n{tour}"], cwd=fmtool.folder, env=environment,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (written,) = (fmtool.folder / "runs" / "studies").glob("*/study.json")
    study = json.loads(written.read_text())
    assert (study["status"], sum(study["trials"].values())) == ("completed", 3)
    assert (fmtool.folder / "fmtool_conf" / "experiment" / "tuned.yaml").is_file()
    assert len(fmtool.runs) == 4
