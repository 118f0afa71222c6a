"""Ended by a signal: the work is safe, and the process dies by the signal itself."""

import json
import signal
import time

import pytest

from fmtool.runs.checkpoints import CheckpointStore

LONG = ("train", "model=mlp", "model.units=[8]", "epochs=100000", "logging=quiet", "--json")
IGNORING_SIGINT = ("sh", "-c", "trap '' INT; exec \"$@\"", "sh")
CASES = {
    "SIGINT": (signal.SIGINT, (), "tensorflow"),
    "SIGTERM": (signal.SIGTERM, (), "tensorflow"),
    "SIGHUP": (signal.SIGHUP, (), "tensorflow"),
    "SIGINT ignored at the start": (signal.SIGINT, IGNORING_SIGINT, "tensorflow"),
    "SIGTERM on JAX": (signal.SIGTERM, (), "jax"),
    "SIGINT on torch": (signal.SIGINT, (), "torch"),
}


def wait_for_epochs(process, command, count=3):
    """Until some epochs are on the disk; fails where training ends before."""
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        rows = [path for run in command.runs for path in run.glob("metrics.jsonl")]
        if rows and rows[0].read_text().count("\n") >= count:
            return
        time.sleep(0.05)
    raise AssertionError("no epoch was finished in time")


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory, session_command):
    """For each case the return code, stdout, stderr and run directory; they run side by side."""
    running, ended = {}, {}
    for name, (_, prefix, backend) in CASES.items():
        command = session_command(tmp_path_factory.mktemp("signal"))
        process = command.start(*LONG, f"runtime.backend={backend}", prefix=prefix)
        running[name] = (command, process)
    try:
        for name, (command, process) in running.items():
            wait_for_epochs(process, command)
            process.send_signal(CASES[name][0])
        for name, (command, process) in running.items():
            out, err = process.communicate(timeout=100)
            ended[name] = (process.returncode, out, err, command.runs[0])
    finally:
        for _, process in running.values():
            process.kill()
    return ended


@pytest.mark.parametrize("case", CASES)
def test_the_process_dies_by_the_signal_and_says_so_in_one_line(interrupted, case):
    number = CASES[case][0]
    code, _, err, _ = interrupted[case]
    assert code == -number, err
    assert err.splitlines()[-1] == f"interrupted: by {signal.Signals(number).name}"
    assert "Traceback" not in err


@pytest.mark.parametrize("case", CASES)
def test_the_result_says_interrupted_on_stdout_and_in_the_run(interrupted, case):
    number = CASES[case][0]
    _, out, _, run = interrupted[case]
    result = json.loads((run / "result.json").read_text())
    assert (result["status"], result["exit_code"]) == ("interrupted", 128 + number)
    assert result["error"]["message"] == f"by {signal.Signals(number).name}"
    assert json.loads(out) == result


@pytest.mark.parametrize("case", CASES)
def test_the_last_step_is_in_a_valid_checkpoint_and_the_best_in_a_model(interrupted, case):
    run = interrupted[case][3]
    newest = CheckpointStore(run / "checkpoints", keep=1).latest_valid()
    assert newest is not None
    steps = json.loads((run / "result.json").read_text())["steps"]
    assert newest.name == f"step-{steps}"
    assert (run / "model.keras").is_file()


def test_a_nohup_training_outlives_its_terminal(fmtool, started):
    process = fmtool.start(*LONG, prefix=("sh", "-c", "trap '' HUP; exec \"$@\"", "sh"))
    started.append(process)
    wait_for_epochs(process, fmtool, count=2)
    process.send_signal(signal.SIGHUP)
    lines = (fmtool.runs[0] / "metrics.jsonl").read_text().count("\n")
    wait_for_epochs(process, fmtool, count=lines + 20)
    process.terminate()
    assert process.communicate(timeout=60) is not None
    assert process.returncode == -signal.SIGTERM


def test_an_interrupted_sweep_lets_its_job_finish_its_checkpoint(fmtool, started):
    process = fmtool.start("train", "-m", "seed=0,1", *LONG[1:])
    started.append(process)
    wait_for_epochs(process, fmtool)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    (run,) = fmtool.runs
    assert process.returncode == -signal.SIGTERM
    assert json.loads((run / "result.json").read_text())["exit_code"] == 143


@pytest.mark.parametrize("argv", [["data", "list"], ["data", "list", "--json"]], ids=" ".join)
def test_a_result_that_nobody_reads_ends_it_by_sigpipe(fmtool, started, argv):
    process = fmtool.start(*argv)
    started.append(process)
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(timeout=60) == -signal.SIGPIPE
    assert err == ""


@pytest.mark.parametrize(
    "argv",
    [["--help"], ["train", "--help"], ["train", "epochs=0", "--json"], ["train", "--cfg", "job"]],
    ids=" ".join,
)
def test_a_reader_that_is_gone_ends_it_without_a_traceback(fmtool, started, argv):
    process = fmtool.start(*argv)
    started.append(process)
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(timeout=60) in (-signal.SIGPIPE, 0, 2)
    assert "Traceback" not in err
    assert "BrokenPipe" not in err
