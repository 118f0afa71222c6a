"""A training in a process of its own: where it runs, how it is stopped, what it ends with."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fmtool.jobs.process import TrainingCommand, TrainingProcess
from fmtool.runs.layout import JobPaths, RunPaths

SHORT = ("data=digits", "model=mlp", "model.units=[4]", "logging=quiet", "report.test=false")


@pytest.fixture
def begin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    processes = []

    def begin(*overrides):
        paths = JobPaths(tmp_path / f"job-{len(processes)}")
        words = TrainingCommand().argv((*SHORT, *overrides))
        processes.append(TrainingProcess(words, paths, environment={}))
        return processes[-1]

    yield begin
    for process in processes:
        process.kill()


def rows_of(process, least):
    """Waits until the training has logged so many epochs."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not process.has_ended():
        run = process.run_directory
        if run is not None and RunPaths(run).metrics.exists():
            rows = RunPaths(run).metrics.read_text().splitlines()
            if len(rows) >= least:
                return rows
        time.sleep(0.05)
    raise AssertionError(process.outcome())


def test_a_training_that_is_stopped_ends_well_and_can_go_on(begin):
    process = begin("epochs=100000")
    rows_of(process, 3)
    process.stop()
    outcome = process.outcome()
    assert (outcome["status"], outcome["exit_code"], outcome["error"]) == ("pruned", 0, None)
    paths = RunPaths(process.run_directory)
    epochs = [json.loads(row)["epoch"] for row in paths.metrics.read_text().splitlines()]
    assert epochs == list(range(1, outcome["epochs"] + 1))
    assert json.loads(paths.result.read_text())["status"] == "pruned"
    resumed = begin(f"resume={paths.root}", f"epochs={outcome['epochs'] + 1}").outcome()
    assert (resumed["status"], resumed["epochs"]) == ("completed", outcome["epochs"] + 1)
    assert resumed["run"] == outcome["run"]


def test_a_run_that_had_nothing_left_to_do_is_known_too(begin):
    first = begin("epochs=1")
    assert first.outcome()["status"] == "completed"
    again = begin(f"resume={first.run_directory}")
    assert again.outcome()["status"] == "completed"
    assert again.run_directory == first.run_directory


def test_where_it_runs_is_known_before_a_training_can_be_seen_there(begin, tmp_path):
    process = begin("epochs=1")
    assert process.outcome()["status"] == "completed"
    moments = [JobPaths(tmp_path / "job-0").run, RunPaths(process.run_directory).config]
    announced, written = (path.stat().st_mtime_ns for path in moments)
    assert announced <= written


@pytest.fixture
def orphaned(tmp_path):
    """The run of a training whose parent is killed as soon as that run has a file of a name."""

    def orphan(name):
        script = (
            "import sys, time\n"
            "from pathlib import Path\n"
            "from fmtool.jobs.process import TrainingCommand, TrainingProcess\n"
            "from fmtool.runs.layout import JobPaths\n"
            "words, paths = TrainingCommand().argv(sys.argv[2:]), JobPaths(Path(sys.argv[1]))\n"
            "TrainingProcess(words, paths, environment={})\n"
            "time.sleep(600)\n"
        )
        words = [str(tmp_path / "job"), *SHORT, "epochs=100000", f"runs_dir={tmp_path / 'runs'}"]
        parent = subprocess.Popen([sys.executable, "-c", script, *words])
        try:
            deadline = time.monotonic() + 120
            while not list(tmp_path.glob(f"runs/*/{name}")) and time.monotonic() < deadline:
                time.sleep(0.005)
        finally:
            parent.kill()
            parent.wait()
        (run,) = (path for path in tmp_path.glob("runs/*") if RunPaths(path).is_run())
        while not RunPaths(run).result.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        return RunPaths(run)

    return orphan


def test_a_training_whose_parent_dies_ends_with_a_checkpoint(orphaned):
    run = orphaned("metrics.jsonl")
    result = json.loads(run.result.read_text())
    assert (result["status"], result["exit_code"]) == ("interrupted", 143)
    assert list(run.checkpoints.glob("step-*"))


def test_a_run_is_described_as_a_whole_or_not_at_all_when_the_parent_dies(orphaned):
    run = orphaned("config.yaml")
    assert json.loads(run.result.read_text())["status"] == "interrupted"
    assert run.manifest.exists()


def test_a_training_that_is_killed_leaves_an_outcome_that_says_so(begin):
    process = begin("epochs=100000")
    rows_of(process, 1)
    os.kill(process.pid, signal.SIGKILL)
    outcome = process.outcome()
    assert (outcome["status"], outcome["exit_code"]) == ("failed", 137)
    assert outcome["error"]["message"].startswith("it left no result: ")
    assert outcome["run"] == process.run_directory.name


def test_a_mistake_is_in_the_outcome_and_there_is_no_run(begin):
    process = begin("epochs=0")
    outcome = process.outcome()
    assert outcome["exit_code"] == 2
    assert outcome["error"]["message"].startswith("epochs=0 is not accepted")
    assert process.run_directory is None
    assert "run" not in outcome


def test_the_command_has_folders_plugins_and_a_time_limit():
    command = TrainingCommand(config_name="mine", folders=(Path("/conf"),), plugins=("own.py",))
    words = command.argv(["epochs=1"], seconds=90.0)
    assert words[words.index("fmtool.cli") + 1 :] == [
        *("train", "-cn", "mine", "-cd", "/conf", "--json", "--plugin", "own.py"),
        *("--timeout", "90.000", "epochs=1"),
    ]
