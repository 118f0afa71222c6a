"""A sweep in which much goes wrong ends in the right states, and does what is missing when typed
again."""

import json
import signal
import time
from types import SimpleNamespace

import pytest

pytestmark = pytest.mark.slow

TOUCHY = '''
"""A model that is told how its training ends."""
import os
import signal
from pathlib import Path
from typing import Literal
from fmtool.models.base import ModelConfig

class Config(ModelConfig):
    name: Literal["touchy"]
    fate: Literal["fine", "crash", "kill"]

def build(cfg, element, num_classes):
    import keras
    if not Path("mended").exists():
        if cfg.fate == "crash":
            raise RuntimeError("a bug of the model")
        if cfg.fate == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
    inputs = keras.Input(element.shape)
    x = keras.layers.Dense(4, activation="relu")(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(num_classes)(x))
'''
FATES = {
    **{f"fine{seed}": f"seed: {seed}" for seed in range(8)},
    "crash": "model: {fate: crash}",
    "killed": "model: {fate: kill}",
    "diverging": "optimizer: {learning_rate: 1e30}",
    "small": "data: {limit: 1}",
}
ORDER = (
    "fine0", "crash", "fine1", "killed", "diverging", "small", "fine2", "fine3", "fine4", "fine5",
    "fine6", "fine7",
)  # fmt: skip
LINE = (
    "train", "-m", "--plugin", "touchy.py", "-cd", "yaml", "model=touchy", "optimizer=sgd",
    "epochs=1", "logging=quiet", f"experiment={','.join(ORDER)}", "sweep.jobs=2", "--json",
)  # fmt: skip


@pytest.fixture(scope="module")
def twelve(tmp_path_factory, session_command):
    """The sweep, and the same command after the model is mended; the times of files in between."""
    command = session_command(tmp_path_factory.mktemp("twelve"))
    command.write("touchy.py", TOUCHY)
    command.write("yaml/model/touchy.yaml", "name: touchy\nfate: fine\n")
    for name, text in FATES.items():
        command.write(f"yaml/experiment/{name}.yaml", f"# @package _global_\n{text}\n")
    first = swept(command)
    written = {path: path.stat().st_mtime_ns for path in command.folder.glob("runs/*/model.keras")}
    command.write("mended", "")
    again = swept(command)
    return command, first, again, written


def swept(command):
    """Twelve trainings take longer than a command may elsewhere."""
    process = command.start(*LINE)
    out, err = process.communicate(timeout=900)
    return SimpleNamespace(code=process.returncode, json=json.loads(out), err=err)


def states(outcome):
    """Status and exit code of each job by its name."""
    return {
        row["overrides"][0].partition("=")[2]: (row["status"], row["exit_code"])
        for row in outcome.json["runs"]
    }


FINE = {f"fine{seed}": ("completed", 0) for seed in range(8)}
HOPELESS = {"diverging": ("diverged", 5), "small": ("failed", 2)}


def test_each_job_ends_in_its_own_way_and_the_sweep_with_3(twelve):
    _, first, *_ = twelve
    assert first.code == 3
    assert states(first) == FINE | HOPELESS | {"crash": ("failed", 1), "killed": ("killed", 137)}


def test_every_failure_is_listed_with_its_log(twelve):
    command, first, *_ = twelve
    listed = [line for line in first.err.splitlines() if "  log " in line]
    assert [line.split()[2] for line in listed] == ["failed", "killed", "diverged", "failed"]
    for line in listed:
        assert (command.folder / line.rpartition("log ")[2]).exists()


def test_typed_again_it_finishes_what_is_missing_alone(twelve):
    _, first, again, _ = twelve
    assert again.code == 3
    assert states(again) == FINE | HOPELESS | {
        "crash": ("completed", 0),
        "killed": ("completed", 0),
    }
    before, after = (
        {row["job"]: row["run"] for row in outcome.json["runs"] if row["exit_code"] == 0}
        for outcome in (first, again)
    )
    assert after.items() >= before.items()
    assert len(after) == len(before) + 2


def test_what_was_complete_is_not_touched(twelve):
    *_, written = twelve
    assert len(written) == 8
    assert written == {path: path.stat().st_mtime_ns for path in written}


def test_what_diverged_is_not_done_again(twelve):
    _, first, again, _ = twelve
    assert "job 5/12  diverged (5) before, not done again; see sweep.retry" in again.err
    before, after = (outcome.json["runs"][4] for outcome in (first, again))
    assert before["run"] == after["run"]
    assert before["error"]["message"] == after["error"]["message"]


def test_both_times_it_is_one_sweep(twelve):
    command, first, again, _ = twelve
    (folder,) = command.folder.glob("runs/sweeps/*")
    assert first.json["sweep"] == again.json["sweep"] == folder.name
    assert json.loads((folder / "sweep.json").read_text()) == again.json


def test_a_sweep_that_is_killed_goes_on_where_its_trainings_were(fmtool, started):
    line = ("train", "-m", "model=mlp", "model.units=[8]", "seed=0,1", "logging=quiet",
            "report.test=false", "sweep.jobs=2", "--json")  # fmt: skip
    process = fmtool.start(*line, "epochs=100000")
    started.append(process)
    deadline = time.monotonic() + 120
    while len(list(fmtool.folder.glob("runs/2*/checkpoints/last"))) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.kill()
    process.communicate()
    again = fmtool.start(*line, "epochs=100000")
    started.append(again)
    logs = "runs/sweeps/*/jobs/*/log.txt"
    while not all("goes on after step" in log.read_text() for log in fmtool.folder.glob(logs)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    again.send_signal(signal.SIGINT)
    out, _ = again.communicate(timeout=60)
    document = json.loads(out)
    assert again.returncode == -signal.SIGINT
    assert [row["status"] for row in document["runs"]] == ["interrupted", "interrupted"]
    assert len(fmtool.runs) == 2


def test_a_job_past_its_time_ends_after_a_checkpoint(fmtool):
    outcome = fmtool(
        "train", "-m", "model=mlp", "model.units=[8]", "logging=quiet", "report.test=false",
        "epochs=100000", "sweep.timeout=12s", "--json",
    )  # fmt: skip
    (row,) = outcome.json["runs"]
    assert (outcome.code, row["status"], row["exit_code"]) == (3, "interrupted", 124)
    assert list(fmtool.runs[0].glob("checkpoints/step-*"))
