"""A disk that fills up: what is kept, what is said, and that the run still tells how it ended."""

import json
import os
import re
import shutil
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest

from fmtool.errors import WriteFailed
from fmtool.logging.metrics_log import MetricsLog
from fmtool.logging.tensorboard import TensorBoardSink
from fmtool.runs.checkpoint_manifest import verify
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.result import RunError, RunResult
from fmtool.runs.run import Run

DISK_BYTES = 20 * 1024 * 1024
# 680,000 weights and two moments of each, in float32.
CHECKPOINT_BYTES = 8_200_000
TRAIN = ("train", "model=mlp", "model.units=[700,900]", "logging=quiet", "--json")


@pytest.fixture(scope="module")
def new_disk(tmp_path_factory):
    """Mounts a file system of 20 MB, all of it free but for the bytes it is told to leave."""
    mounted = []

    def mount():
        place = tmp_path_factory.mktemp("disk")
        command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", place]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("this user may not mount a file system")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def disk(new_disk):
    return new_disk()


def free_bytes(disk):
    return shutil.disk_usage(disk).free


def fill(disk, *, leaving):
    (disk / "filler").write_bytes(bytes(free_bytes(disk) - leaving))


@pytest.fixture(scope="module")
def ended(new_disk, tmp_path_factory, session_command):
    """Two trainings, side by side, with room for one checkpoint, and for that but no model."""
    room = {"second checkpoint": 12_000_000, "model": 9_500_000}
    started = {}
    for what, leaving in room.items():
        disk, command = new_disk(), session_command(tmp_path_factory.mktemp("full"))
        fill(disk, leaving=leaving)
        epochs = 3 if what == "second checkpoint" else 1
        argv = (*TRAIN, f"epochs={epochs}", f"runs_dir={disk}/runs")
        started[what] = (disk, command.start(*argv))
    outcomes = {}
    for what, (disk, process) in started.items():
        out, err = process.communicate(timeout=120)
        (run,) = (disk / "runs").iterdir()
        outcomes[what] = (process.returncode, out, err, run)
    return outcomes


@pytest.mark.parametrize(
    ("what", "file"),
    [("second checkpoint", "checkpoints/step-"), ("model", "model.keras: No space left")],
)
def test_a_full_disk_ends_a_training_with_74_and_one_error_line(ended, what, file):
    code, _, err, run = ended[what]
    assert code == 74, err
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert err.endswith(f"{line}\n")
    assert "Traceback" not in err
    assert line.startswith(f"error: cannot write {run}/{file}")
    assert line.endswith("fix: free some space or put the output on another disk")


def test_the_error_names_the_bytes_that_the_checkpoint_needs_and_those_that_are_free(ended):
    _, _, err, run = ended["second checkpoint"]
    needed, free = map(int, re.search(r"\((\d+) bytes needed, (\d+) bytes free\)", err).groups())
    (checkpoint,) = run.glob("checkpoints/step-*")
    assert needed == sum(file.stat().st_size for file in checkpoint.iterdir())
    assert needed == pytest.approx(CHECKPOINT_BYTES, rel=0.05)
    # What came later took and freed some: logs, the result and the room kept for it.
    assert free == pytest.approx(free_bytes(run), abs=64 * 1024)
    assert free < needed


@pytest.mark.parametrize("what", ["second checkpoint", "model"])
def test_the_checkpoint_before_it_is_whole_and_no_draft_stays(ended, what):
    run = ended[what][3]
    newest = CheckpointStore(run / "checkpoints", keep=1).latest_valid()
    assert verify(newest)["epochs_done"] == 1
    kept = {file.name for file in run.rglob("*")}
    assert not [name for name in kept if name.startswith((".", "model"))]


@pytest.mark.parametrize("what", ["second checkpoint", "model"])
def test_the_result_is_written_all_the_same(ended, what):
    _, out, err, run = ended[what]
    result = json.loads((run / "result.json").read_text())
    assert (result["status"], result["exit_code"]) == ("failed", 74)
    assert result["error"]["type"] == "WriteFailed"
    assert result["error"]["message"] in err
    assert json.loads(out) == result


def test_a_limit_on_the_size_of_files_ends_a_training_with_74_too(fmtool):
    limited = ("bash", "-c", 'ulimit -f 4000; exec "$@"', "bash")
    process = fmtool.start(*TRAIN, "epochs=1", prefix=limited)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 74, err
    assert "File too large" in err.splitlines()[-1]
    (run,) = fmtool.runs
    assert json.loads((run / "result.json").read_text())["exit_code"] == 74
    assert list((run / "checkpoints").iterdir()) == []


def test_the_first_checkpoint_says_what_it_needs_if_it_was_told(disk):
    fill(disk, leaving=100_000)
    store = CheckpointStore(disk / "checkpoints", keep=2)
    with pytest.raises(WriteFailed, match=r"\(200000 bytes needed, \d{4,5} bytes free\)"):
        store.commit(1, lambda to: (to / "w").write_bytes(bytes(200_000)), meta={}, needed=200_000)
    assert list(store.directory.iterdir()) == []


@pytest.mark.parametrize("leaving", [0, 4096, 8192])
def test_a_checkpoint_that_cannot_be_finished_keeps_the_one_before(disk, leaving):
    """Room for nothing, for the weights but no manifest, and for both but no pointer."""
    store = CheckpointStore(disk / "checkpoints", keep=1)
    first = store.commit(1, lambda to: (to / "w").write_bytes(b"1"), meta={})
    fill(disk, leaving=leaving)
    with pytest.raises(WriteFailed):
        store.commit(2, lambda to: (to / "w").write_bytes(b"2" * 4096), meta={"x": "y" * 4096})
    assert store.latest_valid() == first
    assert sorted(entry.name for entry in store.directory.iterdir()) == ["last", "step-1"]


def test_the_reserve_makes_room_for_the_result_on_a_disk_without_a_byte_left(disk):
    with Run.create(disk / "runs", model="m", data="d") as run:
        run.paths.manifest.write_text(json.dumps({"packages": "x" * 4000}))
        fill(disk, leaving=0)
        error = RunError("WriteFailed", "the disk is full", "")
        run.finish(RunResult(run.id, exit_code=74, epochs=1, steps=9, seconds=1.0, error=error))
        assert json.loads(run.paths.result.read_text())["exit_code"] == 74
        assert "ended" in json.loads(run.paths.manifest.read_text())


START = SimpleNamespace(step=0, epochs_done=0, steps_per_epoch=1, past=())
"""What these sinks read of a plan."""


def row(step):
    return {
        "kind": "epoch", "epoch": step, "step": step, "seconds": 1.0, "learning_rate": 0.1,
        "samples_per_second": 1.0, "loss": 1 / step,
    }  # fmt: skip


def test_metrics_of_the_time_when_the_disk_was_full_are_in_the_file_in_the_end(disk, capsys):
    log = MetricsLog(disk / "metrics.jsonl", disk / "history.csv")
    log.start(START)
    for step in range(1, 10):
        log.epoch(row(step))
    fill(disk, leaving=0)
    for step in range(10, 200):
        log.epoch(row(step))
    (warning,) = capsys.readouterr().err.splitlines()
    assert "No space left on device; training goes on" in warning
    for line in (disk / "metrics.jsonl").read_text().splitlines():
        json.loads(line)
    os.truncate(disk / "filler", 0)
    log.close()
    steps = [json.loads(line)["step"] for line in (disk / "metrics.jsonl").open()]
    assert steps == list(range(1, 200))
    assert len((disk / "history.csv").read_text().splitlines()) == 200
    assert capsys.readouterr().err == ""


def test_tensorboard_files_end_with_one_warning_and_training_goes_on(disk, capsys):
    sink = TensorBoardSink(disk / "tensorboard", config_text="seed: 1", model_summary="dense")
    sink.start(START)
    fill(disk, leaving=0)
    for step in range(1, 200):
        sink.epoch(row(step))
    sink.images("confusion", np.zeros((40, 40, 3), np.uint8), 1)
    sink.close()
    (warning,) = capsys.readouterr().err.splitlines()
    assert warning == (
        f"warning: TensorBoard files stop here: cannot write {disk}/tensorboard: "
        "No space left on device"
    )
