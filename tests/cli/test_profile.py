"""`runtime.profile=true` says where the time went, leaves a trace, and changes no bit of a run."""

import json
import re

import numpy as np
import pytest

from fmtool.runs.layout import RunPaths

PHASES = [
    "start", "input", "step", "logging", "checkpoint", "validation", "trace", "report", "other",
]  # fmt: skip
SMALL = ("model=cnn", "model.filters=[4,8]", "model.dense_units=[16]", "name=pilot")
PROFILED = ("runtime.profile=true", "runtime.steps_per_dispatch=4")


@pytest.fixture(scope="module")
def resumed(tmp_path_factory, session_command):
    """The second epoch of a run whose first one was profiled too: its folder and its outcome."""
    command = session_command(tmp_path_factory.mktemp("profiled"))
    first = command("train", *SMALL, *PROFILED, "epochs=1")
    assert first.code == 0, first.err
    second = command("train", "resume=last", "epochs=2", *PROFILED, "--json")
    assert second.code == 0, second.err
    return command.runs[0], second


@pytest.fixture(scope="module")
def times(resumed):
    return json.loads((RunPaths(resumed[0]).profile / "times.json").read_text())


def last_state(run):
    """The arrays of the last checkpoint."""
    with np.load(RunPaths(run).checkpoints / "step-40" / "state.npz") as arrays:
        return dict(arrays)


def test_a_profile_and_a_resume_with_one_change_no_bit_of_the_state(resumed, trained):
    profiled, plain = last_state(resumed[0]), last_state(trained.directory)
    assert profiled.keys() == plain.keys()
    for key, array in plain.items():
        np.testing.assert_array_equal(profiled[key], array, err_msg=key)


def test_the_phases_sum_to_the_time_of_the_run(resumed, times):
    assert list(times["seconds"]) == PHASES
    assert sum(times["seconds"].values()) == pytest.approx(times["wall_seconds"], rel=1e-9)
    whole = json.loads(RunPaths(resumed[0]).result.read_text())["seconds"]
    assert times["wall_seconds"] <= whole


def test_every_phase_of_a_training_takes_time(times):
    assert [phase for phase, seconds in times["seconds"].items() if seconds <= 0] == []


def test_building_and_compiling_take_more_than_twenty_small_steps(times):
    assert times["seconds"]["start"] > times["seconds"]["step"]


def test_the_table_is_on_stderr_and_stdout_remains_one_object(resumed, times):
    directory, outcome = resumed
    rows = re.findall(r"^ +(\w+) +([\d.]+) +([\d.]+)%", outcome.err, flags=re.MULTILINE)
    assert [name for name, *_ in rows] == [*PHASES, "sum"]
    assert sum(float(seconds) for _, seconds, _ in rows[:-1]) == pytest.approx(
        float(rows[-1][1]), abs=0.01
    )
    assert outcome.err.endswith(f"profile: runs/{directory.name}/profile\n")
    assert outcome.json["status"] == "completed"


def test_each_process_leaves_a_trace_where_tensorboard_looks(resumed):
    folder = RunPaths(resumed[0]).profile / "plugins" / "profile"
    traces = [path for each in folder.iterdir() for path in each.glob("*.xplane.pb")]
    assert len(traces) == 2
    assert all(path.stat().st_size > 1000 for path in traces)


def test_without_the_key_there_is_no_profile(trained):
    assert not RunPaths(trained.directory).profile.exists()
    assert "profile" not in trained.outcome.err


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_leaves_a_trace_and_times(fmtool, backend):
    outcome = fmtool("train", *SMALL, *PROFILED, "epochs=2", f"runtime.backend={backend}")
    assert outcome.code == 0, outcome.err
    assert "USDT" not in outcome.err
    profile = RunPaths(fmtool.runs[0]).profile
    (trace,) = profile.glob("plugins/profile/*/*.trace.json.gz")
    assert trace.stat().st_size > 1000
    seconds = json.loads((profile / "times.json").read_text())["seconds"]
    assert min(seconds.values()) > 0
