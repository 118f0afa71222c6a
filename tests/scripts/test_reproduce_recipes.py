"""scripts/reproduce_recipes trains what it is told and says what was met, with an exit code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "reproduce_recipes"

RECIPE = """\
# @package _global_
epochs: 1
model: {{filters: [4], dense_units: [16]}}
data: {{limit: 320}}
logging: {{plots: false, tensorboard: false}}
expected:
  metric: accuracy
  value: {value}
  tolerance: 0.01
  epochs: 1
  minutes: null
  hardware: any
  source: "none: for a test"
"""


@pytest.fixture
def reproduce(fmtool):
    """The script in the folder of `fmtool`; its recipe `low` is met, `high` is not."""
    for name, value in {"low": 0.02, "high": 0.999}.items():
        fmtool.write(f"fmtool_conf/experiment/{name}.yaml", RECIPE.format(value=value))

    def run(*argv):
        return subprocess.run(
            [sys.executable, str(SCRIPT), *argv],
            cwd=fmtool.folder,
            env=fmtool.environment(),
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.slow
def test_a_recipe_that_is_met_ends_with_0_and_is_not_trained_twice(reproduce, fmtool):
    first = reproduce("low", "--seeds", "2", "--json", "figures.json")
    assert first.returncode == 0, first.stderr
    (row,) = json.loads((fmtool.folder / "figures.json").read_text())
    assert row["met"]
    assert len(row["scores"]) == 2
    assert row["mean"] == pytest.approx(sum(row["scores"]) / 2)
    runs = sorted((fmtool.folder / "runs" / "recipes").glob("2*"))
    assert len(runs) == 2
    again = reproduce("low", "--seeds", "2")
    assert (
        again.stdout.splitlines()[-1].split("|")[3] == first.stdout.splitlines()[-1].split("|")[3]
    )
    assert sorted((fmtool.folder / "runs" / "recipes").glob("2*")) == runs


@pytest.mark.slow
def test_a_recipe_that_is_missed_ends_with_4(reproduce):
    missed = reproduce("high")
    assert missed.returncode == 4
    assert missed.stdout.splitlines()[-1].startswith("| `high` | 0.999 | ")
    assert missed.stdout.rstrip().endswith("| no |")


def test_a_training_that_fails_ends_with_3(reproduce):
    failed = reproduce("low", "--set", "data.limit=1")
    assert failed.returncode == 3
    assert "| none |" in failed.stdout


def test_a_recipe_that_there_is_not_ends_with_2_before_anything_is_trained(reproduce, fmtool):
    unknown = reproduce("low", "lov")
    assert unknown.returncode == 2
    assert unknown.stderr.startswith("error: experiment=lov: no such experiment; fix: did you mean")
    assert not (fmtool.folder / "runs").exists()
