"""The screens of commands on a terminal of 80 columns, compared with those in tests/screens.

SCREENS=write writes them anew; look at what changed before it is kept.
"""

import os
import re
import shutil
from pathlib import Path

import pytest
import screen
from studies import Study, complete

SCREENS = Path(__file__).parents[1] / "screens"
SMALL = ("model=cnn", "model.filters=[4,8]", "model.dense_units=[16]", "epochs=2")
ID = re.compile(r"\d{4}-\d\d-\d\d_\S*")
WHOLE_ID = re.compile(r"\d{4}-\d\d-\d\d_\d{6}(_\w+)?_[0-9a-f]{6}(/.*)?")


@pytest.fixture(scope="module")
def finished(trained, repeated, tmp_path_factory, session_command):
    """A folder with the shared runs, without their weights."""
    command = session_command(tmp_path_factory.mktemp("screens"))
    for number, root in enumerate((trained.directory, repeated[1])):
        # Both began within a second; which one comes first shall not change.
        run = command.folder / "runs" / re.sub(r"_\d{6}_", f"_00000{number}_", root.name)
        run.mkdir(parents=True)
        for name in ("config.yaml", "manifest.json", "result.json", "run.lock"):
            text = (root / name).read_text()
            (run / name).write_text(re.sub(r'"started": "[^"]*"', f'"started": "{number}"', text))
    return command


@pytest.fixture(scope="module")
def begun(finished):
    """A study with two trials that were never trained."""
    words = ("data=digits", "model=mlp", "epochs=3", "study=pilot")
    search = ("optimizer.learning_rate=1e-4..1e-1:log", "model.dropout=0..0.5", "tuner=random")
    store = Study(finished.folder / "runs", (*words, *search)).store()
    for value in (0.25, 0.5):
        complete(store, value)
    return finished


def require_kept(name, code, lines, *, ends_with=0):
    assert code == ends_with, lines
    for line in lines:
        assert len(line.rstrip()) <= screen.COLUMNS
        assert all(map(WHOLE_ID.fullmatch, ID.findall(line))), line
    kept, shown = SCREENS / f"{name}.txt", screen.masked(lines)
    if os.environ.get("SCREENS") == "write":
        kept.write_text(shown)
    assert shown == kept.read_text()


def test_of_a_training(fmtool):
    words = (*SMALL, "logging=quiet", "runtime.backend=tensorflow")
    code, lines = screen.shown_by(fmtool, "train", *words)
    # The first training of all measures the machine.
    lines = [line for line in lines if not line.startswith("measuring ")]
    require_kept("train", code, lines)


def test_of_an_evaluation(trained):
    code, lines = screen.shown_by(trained.command, "evaluate", "run=pilot", "plots=false")
    require_kept("evaluate", code, lines)


def test_of_a_dry_run(fmtool):
    words = ("dry_run=true", "runtime.backend=tensorflow")
    code, lines = screen.shown_by(fmtool, "train", *SMALL, *words)
    lines = [line for line in lines if not line.startswith("measuring ")]
    require_kept("dry_run", code, [line for line in lines if "peak memory" not in line])


COMMANDS = {
    "runs": ("runs",),
    "runs_show": ("runs", "show", "last"),
    "runs_compare": ("runs", "compare", "0", "1"),
    "models": ("models",),
    "data_list": ("data", "list"),
    "data_info": ("data", "info", "digits"),
    "sweep_plan": ("sweep", "plan", "-m", "model=cnn,mlp", "optimizer.learning_rate=1e-2,1e-3"),
    "tune_status": ("tune", "status", "study=pilot"),
    "tune_best": ("tune", "best", "study=pilot"),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_of(name, begun):
    runs = sorted(path.name for path in (begun.folder / "runs").glob("2*"))
    words = [runs[int(word)] if word.isdecimal() else word for word in COMMANDS[name]]
    require_kept(name, *screen.shown_by(begun, *words))


def test_of_a_sweep_that_has_ended(swept, tmp_path, session_command):
    command, _ = swept
    again = session_command(tmp_path)
    shutil.copytree(command.folder, again.folder, dirs_exist_ok=True)
    typed = ("train", "-m", *SMALL, "name=pilot", "data.limit=1,null", "seed=1", "name='a,b'")
    code, lines = screen.shown_by(again, *typed, "logging=quiet")
    require_kept("sweep", code, lines, ends_with=3)


def test_of_a_mistake(fmtool):
    code, lines = screen.shown_by(fmtool, "train", "optimizer.learning_rte=1e-3")
    require_kept("mistake", code, lines, ends_with=2)
