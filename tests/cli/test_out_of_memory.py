"""Out of memory ends with 71 and a batch size to try; `batch_size=auto` avoids it."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
import yardstick

LARGE = ("model=mlp", "model.units=[500000]", "optimizer=sgd", "batch_size=100000", "epochs=1")
"""One batch of activations takes 2.6 GB."""
ADDRESS_SPACE = {"tensorflow": 4_500_000_000, "jax": 3_000_000_000, "torch": 2_800_000_000}
"""Bytes: about 1.5 GB above what the backend takes up when it is imported."""
SMALL = ("model=mlp", "model.units=[16]", "epochs=1", "data.limit=300", "logging=quiet")


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param("tensorflow", marks=pytest.mark.slow),
        pytest.param("jax", marks=pytest.mark.slow),
        "torch",
    ],
)
def test_running_out_of_memory_ends_with_71_and_a_batch_size_to_try(fmtool, started, backend):
    runtime = (f"runtime.backend={backend}", "runtime.device=cpu", "logging=quiet", "--json")
    limit = ("prlimit", f"--as={ADDRESS_SPACE[backend]}")
    process = fmtool.start("train", *LARGE, *runtime, prefix=limit)
    started.append(process)
    out, err = process.communicate(timeout=yardstick.scaled(120))
    assert process.returncode == 71, err
    assert err.splitlines()[-1] == (
        "error: out of memory with batch_size=100000; "
        "fix: try batch_size=512, or batch_size=auto for the largest that fits"
    )
    assert "Traceback" not in err
    (run,) = fmtool.runs
    stored = json.loads((run / "result.json").read_text())
    assert (stored["status"], stored["exit_code"]) == ("failed", 71)
    assert json.loads(out)["error"]["type"] == stored["error"]["type"] == "OutOfMemory"


@pytest.mark.slow
def test_auto_is_stored_as_the_number_that_was_found_and_never_decided_again(fmtool):
    first = fmtool.real("train", *SMALL, "batch_size=auto", "resume=auto", "--json")
    assert first.code == 0, first.err
    lines = first.err.splitlines()
    assert lines[0].startswith("batch_size=auto: trying 256: fits, peak ")
    assert lines[1].startswith("batch_size=auto: 256 (peak ")
    (run,) = fmtool.runs
    assert yaml.safe_load((run / "config.yaml").read_text())["batch_size"] == 256
    assert first.json["steps"] == 1
    again = fmtool("train", *SMALL, "batch_size=auto", "resume=auto")
    assert again.code == 0, again.err
    assert again.error == f"run {run.name} is complete, 1 epoch: nothing is left to do"
    assert fmtool.runs == [run]


def test_a_mistake_that_a_probe_finds_is_told_as_without_it_and_leaves_no_run(fmtool):
    mistake = ("regularizer=l2", "regularizer.layers=[nope]")
    outcome = fmtool("train", *mistake, "batch_size=auto", "runtime.backend=torch")
    assert outcome.code == 2
    assert outcome.error.startswith("error: regularizer.layers: no layer with a kernel matches")
    assert fmtool.runs == []


def probes_of(pid):
    """Processes that `pid` started."""
    return [
        int(child)
        for tasks in Path(f"/proc/{pid}/task").glob("*/children")
        for child in tasks.read_text().split()
    ]


def test_a_signal_during_a_probe_ends_both(fmtool, started):
    process = fmtool.real.start("train", *SMALL, "batch_size=auto")
    started.append(process)
    deadline = time.monotonic() + 30
    while not (probes := probes_of(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.01)
    (probe,) = probes
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == -signal.SIGTERM
    # One that was just being started is not ended by us, but sees that we are gone.
    deadline = time.monotonic() + 10
    while (left := Path(f"/proc/{probe}").exists()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not left


def test_a_probe_ends_when_nobody_waits_for_its_answer(fmtool, started):
    sleeper = fmtool.write("sleeper.py", "import time\nprint('asleep', flush=True)\ntime.sleep(60)")
    probe = subprocess.Popen(
        [sys.executable, "-m", "fmtool.training.memory.batch_probe"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    started.append(probe)
    probe.stdin.write(json.dumps({"config": {}, "plugins": [str(sleeper)], "share": 1.0}) + "\n")
    probe.stdin.flush()
    assert probe.stdout.readline() == "asleep\n"
    probe.stdin.close()
    assert probe.wait(timeout=10) == 1
    started.remove(probe)
    probe.stdout.close()
