"""Ended by a signal: the work is safe, and the process dies by the signal itself."""

import json
import os
import shlex
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import yardstick

from fmtool.runs.checkpoints import CheckpointStore

LONG = ("train", "model=mlp", "model.units=[8]", "epochs=100000", "logging=quiet", "--json")
IN_THE_BACKGROUND = ("nohup", "sh", "-c", "trap '' INT; exec \"$@\"", "sh")
ON_A_TERMINAL = ("setsid", "sh", "-c", 'exec "$@" <"$TERMINAL"', "sh")
MOSTLY_VALIDATION = ("data.validation_fraction=0.9", "eval_batch_size=1")
LIBRARIES = {"tensorflow": "libtensorflow", "jax": "jaxlib", "torch": "libtorch"}
"""By backend, a file that a process maps in the midst of importing it."""

DEAF_MODEL = """
import ctypes
from typing import Literal
from fmtool.models.base import ModelConfig

class Config(ModelConfig):
    name: Literal["deaf"]

def build(cfg, image, num_classes):
    libc, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(64)
    print("building", flush=True)
    # As a compiler does, this stays in C and lets other threads run; and it never ends.
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)
"""


@dataclass(frozen=True)
class Case:
    """A signal that arrives while a model is trained, and how that was started."""

    number: signal.Signals
    prefix: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()
    is_real: bool = False

    @property
    def is_limit(self):
        """SIGALRM stands for a time limit that is over, whenever the test wants it to be."""
        return self.number == signal.SIGALRM

    @property
    def code(self):
        return 124 if self.is_limit else -self.number

    @property
    def message(self):
        return "the time limit was reached" if self.is_limit else f"by {self.number.name}"


CASES = {
    "Ctrl-C": Case(signal.SIGINT, prefix=ON_A_TERMINAL),
    "SIGHUP": Case(signal.SIGHUP),
    "SIGINT, ignored at the start, on torch": Case(
        signal.SIGINT, prefix=IN_THE_BACKGROUND, argv=("runtime.backend=torch",)
    ),
    "SIGTERM on JAX": Case(signal.SIGTERM, argv=("runtime.backend=jax",), is_real=True),
    "SIGTERM in validation": Case(signal.SIGTERM, argv=MOSTLY_VALIDATION),
    "time limit": Case(signal.SIGALRM, argv=("budget.minutes=60",)),
}


def wait_until(process, condition):
    """Fails where `process` ends before."""
    deadline = time.monotonic() + yardstick.scaled(100)
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("it was not reached in time")


def count_epochs(command):
    rows = [path for run in command.runs for path in run.glob("metrics.jsonl")]
    return rows[0].read_text().count("\n") if rows else 0


def has_epochs(command, count=3):
    return count_epochs(command) >= count


def wait_for_epochs(process, command, count=3):
    """Until some epochs are on the disk."""
    wait_until(process, lambda: has_epochs(command, count))


def wait_for_import(process, backend):
    maps = Path(f"/proc/{process.pid}/maps")
    wait_until(process, lambda: LIBRARIES[backend] in maps.read_text())


def interrupt_each(running, interrupt):
    """As soon as it has trained some epochs; gives return code, stdout and stderr by name."""
    waiting, deadline = dict(running), time.monotonic() + yardstick.scaled(200)
    try:
        while waiting and time.monotonic() < deadline:
            for name, (command, process) in list(waiting.items()):
                assert process.poll() is None, process.communicate()
                if has_epochs(command):
                    interrupt(name, process)
                    del waiting[name]
            time.sleep(0.05)
        assert not waiting
        outputs = {
            name: each.communicate(timeout=yardstick.scaled(100))
            for name, (_, each) in running.items()
        }
    finally:
        for _, process in running.values():
            process.kill()
    return {name: (running[name][1].returncode, *output) for name, output in outputs.items()}


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory, session_command):
    """For each case the return code, stdout, stderr and run directory; they run side by side."""
    keyboard, terminal = os.openpty()
    running = {}
    for name, case in CASES.items():
        command = session_command(tmp_path_factory.mktemp("signal"))
        # Where a process of its own shows nothing else it is a forked one.
        command = command.real if case.is_real else command
        environment = {"TERMINAL": os.ttyname(terminal)} if case.prefix else {}
        argv = (*LONG, *case.argv)
        running[name] = command, command.start(*argv, prefix=case.prefix, **environment)

    def interrupt(name, process):
        if CASES[name].prefix == ON_A_TERMINAL:
            os.write(keyboard, b"\x03")
            return
        if CASES[name].prefix == IN_THE_BACKGROUND:
            # Its terminal is closed.
            process.send_signal(signal.SIGHUP)
            begun = count_epochs(running[name][0])
            wait_for_epochs(process, running[name][0], count=begun + 20)
        process.send_signal(CASES[name].number)

    ended = interrupt_each(running, interrupt)
    os.close(keyboard)
    os.close(terminal)
    return {name: (*outcome, running[name][0].runs[0]) for name, outcome in ended.items()}


@pytest.mark.parametrize("case", CASES)
def test_the_process_dies_by_the_signal_and_says_so_in_one_line(interrupted, case):
    code, _, err, run = interrupted[case]
    assert code == CASES[case].code, err
    how_to_go_on = f"; go on with: fmtool train resume=runs/{run.name}"
    assert err.splitlines()[-1] == f"interrupted: {CASES[case].message}{how_to_go_on}"
    assert "Traceback" not in err


@pytest.mark.parametrize("case", CASES)
def test_the_result_says_interrupted_on_stdout_and_in_the_run(interrupted, case):
    _, out, _, run = interrupted[case]
    result = json.loads((run / "result.json").read_text())
    exit_code = 124 if CASES[case].is_limit else 128 + CASES[case].number
    assert (result["status"], result["exit_code"]) == ("interrupted", exit_code)
    assert result["error"]["message"] == CASES[case].message
    assert json.loads(out) == result


@pytest.mark.parametrize("case", CASES)
def test_the_last_step_is_in_a_valid_checkpoint_and_the_best_in_a_model(interrupted, case):
    run = interrupted[case][3]
    newest = CheckpointStore(run / "checkpoints", keep=1).latest_valid()
    assert newest is not None
    steps = json.loads((run / "result.json").read_text())["steps"]
    assert newest.name == f"step-{steps}"
    assert (run / "model.keras").is_file()


def test_a_nohup_training_outlives_its_terminal(interrupted):
    """It got SIGHUP, went on for 20 epochs and more, and was ended by another signal."""
    code, _, _, run = interrupted["SIGINT, ignored at the start, on torch"]
    assert code == -signal.SIGINT
    assert (run / "metrics.jsonl").read_text().count("\n") >= 23


def test_what_the_line_says_goes_on_when_it_is_typed(interrupted, session_command):
    _, _, err, run = interrupted["SIGHUP"]
    command = session_command(run.parents[2])
    typed = shlex.split(err.splitlines()[-1].partition("go on with: fmtool ")[2])
    # Its 100,000 epochs would take too long.
    again = command(*typed, f"epochs={count_epochs(command) + 1}", "report.test=false", "--json")
    assert (again.code, again.json["run"]) == (0, run.name), again.err
    assert f"run {run.name} goes on after step " in again.err


@pytest.mark.parametrize("backend", LIBRARIES)
def test_a_signal_during_the_import_of(fmtool, started, backend):
    process = fmtool.real.start(*LONG, f"runtime.backend={backend}")
    started.append(process)
    wait_for_import(process, backend)
    began = time.monotonic()
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM, err
    assert time.monotonic() - began < 20
    assert json.loads(out)["error"]["message"] == "by SIGTERM"
    assert "Traceback" not in err
    assert "error: " not in err


def test_an_interrupt_while_the_command_itself_is_loaded_shows_no_traceback(fmtool, started):
    plugin = fmtool.write("plugin.py", "print('loading', flush=True)\nimport time\ntime.sleep(99)")
    process = fmtool.real.start("train", "--plugin", str(plugin))
    started.append(process)
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (-signal.SIGINT, "interrupted: by SIGINT\n")


def test_what_cannot_be_interrupted_is_abandoned_with_a_result(fmtool, started):
    plugin = fmtool.write("deaf.py", DEAF_MODEL)
    fmtool.write("conf/model/deaf.yaml", "name: deaf\n")
    process = fmtool.start("train", "--plugin", str(plugin), "-cd", "conf", "model=deaf", "--json")
    started.append(process)
    assert process.stdout.readline() == "building\n"
    began = time.monotonic()
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM
    assert time.monotonic() - began < 20
    (run,) = fmtool.runs
    assert json.loads(out) == json.loads((run / "result.json").read_text())
    assert err.splitlines()[-1] == "interrupted: by SIGTERM"


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "is_abandoned"), [("jax", False), ("tensorflow", True)])
def test_a_signal_during_a_compilation(fmtool, started, backend, is_abandoned):
    # So many that compiling takes far longer than the grace, on a fast machine too.
    units = f"model.units={[16] * 300}".replace(" ", "")
    process = fmtool.real.start(*LONG, units, f"runtime.backend={backend}")
    started.append(process)
    line = next(line for line in process.stderr if line.startswith("train mlp on digits"))
    assert f"{backend} on cpu" in line
    time.sleep(1.5)
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGTERM, err
    # JAX compiles in a thread, which is not waited for.
    assert ("the work at hand did not stop within 5 s and is abandoned" in err) == is_abandoned
    assert json.loads(out) == json.loads((fmtool.runs[0] / "result.json").read_text())


AT_WORK = """
import threading, time
from fmtool.cli import main

threading.Thread(target=time.sleep, args=(200,)).start()
main.main = lambda argv: 124
main.entry_point()
"""


def test_at_the_time_limit_no_thread_is_waited_for(fmtool, started):
    process = fmtool.start_python(AT_WORK)
    started.append(process)
    assert process.wait(timeout=60) == 124


def test_a_second_signal_leaves_at_once_with_the_checkpoint_before(fmtool, started):
    process = fmtool.start(*LONG)
    started.append(process)
    wait_for_epochs(process, fmtool)
    process.send_signal(signal.SIGSTOP)
    process.terminate()
    process.send_signal(signal.SIGCONT)
    # Sooner it would count as the same signal; later the first one has done its work.
    time.sleep(0.25)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGINT, -signal.SIGTERM)
    assert CheckpointStore(fmtool.runs[0] / "checkpoints", keep=1).latest_valid() is not None
    assert "Traceback" not in err


@pytest.mark.parametrize("argv", [["data", "list"], ["runs"], ["train", "epochs=9"]], ids=" ".join)
def test_the_time_limit_of_every_command(fmtool, argv):
    outcome = fmtool.real(*argv, "--timeout", "0.01s")
    assert (outcome.code, outcome.out) == (124, "")
    assert outcome.error == "interrupted: the time limit was reached"
    assert fmtool.files() == set()


def test_an_evaluation_past_its_time_leaves_the_run_as_it_was(fmtool, trained, started):
    run = shutil.copytree(trained.directory, fmtool.folder / "run")
    before = fmtool.files()
    process = fmtool.real.start("evaluate", f"run={run}", "--timeout=1h", "--json")
    started.append(process)
    wait_for_import(process, "tensorflow")
    process.send_signal(signal.SIGALRM)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == json.loads(out)["exit_code"] == 124
    assert fmtool.files() == before


SWEEP_CODES = {signal.SIGTERM: (-signal.SIGTERM, 143), signal.SIGALRM: (124, 124)}


@pytest.fixture(scope="module")
def interrupted_sweeps(tmp_path_factory, session_command):
    """By signal, the command, its return code, stdout and stderr; SIGALRM stands for the limit."""
    running = {}
    for number in SWEEP_CODES:
        command = session_command(tmp_path_factory.mktemp("sweep"))
        starting = command.real if number == signal.SIGTERM else command
        process = starting.start("train", "-m", "seed=0,1", *LONG[1:], "--timeout=1h")
        running[number] = command, process
    ended = interrupt_each(running, lambda number, process: process.send_signal(number))
    return {number: (running[number][0], *outcome) for number, outcome in ended.items()}


@pytest.mark.parametrize("number", SWEEP_CODES)
def test_an_interrupted_sweep_lets_its_job_finish_its_checkpoint(interrupted_sweeps, number):
    command, code, _, _ = interrupted_sweeps[number]
    (run,) = command.runs
    assert code == SWEEP_CODES[number][0]
    assert json.loads((run / "result.json").read_text())["exit_code"] == 143
    assert CheckpointStore(run / "checkpoints", keep=1).latest_valid() is not None


@pytest.mark.parametrize("number", SWEEP_CODES)
def test_an_interrupted_sweep_tells_how_far_it_came(interrupted_sweeps, number):
    command, _, out, err = interrupted_sweeps[number]
    assert err.splitlines()[-1].endswith("; go on with: the same command")
    document = json.loads(out)
    assert document["exit_code"] == SWEEP_CODES[number][1]
    outcomes = [(run["status"], run["exit_code"]) for run in document["runs"]]
    assert outcomes == [("interrupted", 143), ("not_started", None)]
    (stored,) = command.folder.glob("runs/sweeps/*/sweep.json")
    assert json.loads(stored.read_text()) == document


@pytest.fixture
def unread():
    """A pipe to write to, whose reader was gone before."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize(
    "argv",
    [
        ["data", "list"],
        ["data", "list", "--json"],
        ["--help"],
        ["train", "--help"],
        ["train", "epochs=0", "--json"],
        ["train", "--cfg", "job"],
    ],
    ids=" ".join,
)
def test_an_output_that_nobody_reads_ends_it_by_sigpipe(fmtool, started, unread, argv):
    process = fmtool.real.start(*argv, stdout=unread)
    started.append(process)
    err = process.stderr.read()
    assert process.wait(timeout=60) == -signal.SIGPIPE
    assert err == ""
