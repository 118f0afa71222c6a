"""A process that has imported everything and forks one child for each training it is asked for.

Importing Keras takes seconds and a training of the tests less, so this is what makes many kills
affordable. It forks before the backend has started a thread or made an array. `children.Zygote`
starts it and says what the requests and replies are.
"""

import gc
import importlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from children import EXPORT

Report = Callable[[int], None]
"""To be called with each step that was done."""

_LATE_IMPORTS = (
    "fmtool.cli.dispatch",
    "fmtool.cli.train",
    "fmtool.evaluation.report",
    "fmtool.training.callbacks",
    "fmtool.training.indexed_model",
    "fmtool.training.loop",
    "fmtool.training.network",
    "fmtool.training.reporting",
    "fmtool.training.workflow",
)


def import_everything(backend: str, threads: str) -> None:
    """As a training on `backend` does before it builds something."""
    from fmtool import backend as backends
    from fmtool import validate
    from fmtool.config.compose import compose
    from fmtool.logging.event_file import EventFile

    words = [f"runtime.backend={backend}", "runtime.device=cpu", f"runtime.threads={threads}"]
    # For `auto` the backend would compute here, and its threads do not live on in a child.
    words.append("runtime.precision=float32")
    backends.select(validate.train_config(compose("train", words)).runtime)
    for name in _LATE_IMPORTS:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        # Imports what it needs, without what it does not, when the first one is made.
        EventFile(Path(folder)).close()
    gc.freeze()


def serve(backend: str, threads: str) -> None:
    """Answers requests, a line of JSON each, until stdin ends."""
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    import_everything(backend, threads)
    print("ready", file=replies)
    for line in sys.stdin:
        request = json.loads(line)
        if "kill" in request:
            os.kill(request["kill"], signal.SIGKILL)
            reply = _waited(request["kill"])
        else:
            reply = _attempt(request)
        print(json.dumps(reply), file=replies)


def _attempt(request: dict[str, Any]) -> dict[str, Any]:
    """Forks, signals the child when it is due, and tells how far it came and how it ended."""
    ear, mouth = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ear)
        _be_the_child(request, mouth)
    os.close(mouth)
    steps, number, is_sent = [], request["signal"], False
    with os.fdopen(ear) as reports:
        for step in map(int, reports):
            if step != EXPORT:
                steps.append(step)
            if number and not is_sent and step >= request["at_step"]:
                time.sleep(request["delay"])
                os.kill(pid, number)
                is_sent = True
                if number == signal.SIGSTOP:
                    break
    return {"first": min(steps, default=0), "step": max(steps, default=0), **_waited(pid)}


def _waited(pid: int) -> dict[str, Any]:
    """`code` is as in `subprocess`; None for a child that is stopped."""
    _, status = os.waitpid(pid, os.WUNTRACED)
    is_stopped = os.WIFSTOPPED(status)
    return {"pid": pid, "code": None if is_stopped else os.waitstatus_to_exitcode(status)}


def _be_the_child(request: dict[str, Any], mouth: int) -> None:
    """The program in this process, which ends with it."""
    status = 1
    # Under `nohup`, as some run a suite, a closed terminal would be no signal at all.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        os.chdir(request["folder"])
        for descriptor, name in ((1, "out"), (2, "err")):
            file = os.open(Path(request["output"]) / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(file, descriptor)
        program = {"fmtool": _fmtool, "keras": _keras}[request["program"]]
        status = program(request, partial(_report, request, mouth))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        if status < 0:
            signal.signal(-status, signal.SIG_DFL)
            os.kill(os.getpid(), -status)
        # The libraries' own ends, in a process that did not begin them, are not what is tested.
        os._exit(status)


def _report(request: dict[str, Any], mouth: int, step: int) -> None:
    if request["fault"] and step >= request["at_step"]:
        os.environ["FMTOOL_FAULT"] = request["fault"]
    os.write(mouth, b"%d\n" % step)
    if request["holds"] and step >= request["at_step"]:
        request["holds"] = False
        signal.pause()


def _fmtool(request: dict[str, Any], report: Report) -> int:
    """Reports steps before anything is done about them, and a model before it has its name."""
    from fmtool.cli.main import main
    from fmtool.training import execution
    from fmtool.training.recorder import Recorder

    hook = "on_test_batch_end" if request["in_validation"] else "on_train_batch_end"
    counted, write_with = getattr(Recorder, hook), execution.write_with

    def count_and_report(recorder: Any, batch: int, logs: Any = None) -> None:
        before = recorder.step
        counted(recorder, batch, logs)
        # Of a dispatch each step; a batch of a validation is none.
        for step in range(before + 1, recorder.step + 1) or [recorder.step]:
            report(step)

    def write_and_report(path: Path, write: Callable[[Path], None], **facts: Any) -> None:
        write_with(path, lambda draft: (write(draft), report(EXPORT)), **facts)

    setattr(Recorder, hook, count_and_report)
    execution.write_with = write_and_report
    return main(request["argv"])


def _keras(request: dict[str, Any], report: Report) -> int:
    import keras_script

    keras_script.train(*request["argv"], report)
    return 0


if __name__ == "__main__":
    serve(*sys.argv[1:])
