"""A training in a forked child that reports its steps, and waits or kills itself where it is told.

`children.Zygote` asks for it; what it reports goes to descriptor 3.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from children import EXPORT

from fmtool.signals import SignalGuard

_REPORTS = 3

Report = Callable[[int], None]
"""To be called with each step that was done."""


def fmtool(argv: list[str], attack: dict[str, Any]) -> None:
    """Reports steps before anything is done about them, and a model before it has its name."""
    import sys

    from fmtool.cli.main import entry_point
    from fmtool.training import best_model
    from fmtool.training.callbacks.recorder import Recorder

    hook = "on_test_batch_end" if attack["in_validation"] else "on_train_batch_end"
    counted, write_with = getattr(Recorder, hook), best_model.write_with
    report = _reporting(attack)

    def count_and_report(recorder: Any, batch: int, logs: Any = None) -> None:
        before = recorder.step
        counted(recorder, batch, logs)
        # Of a dispatch each step; a batch of a validation is none.
        for step in range(before + 1, recorder.step + 1) or [recorder.step]:
            report(step)

    def write_and_report(path: Path, write: Callable[[Path], None], **facts: Any) -> None:
        write_with(path, lambda draft: (write(draft), report(EXPORT)), **facts)

    setattr(Recorder, hook, count_and_report)
    best_model.write_with = write_and_report
    sys.argv[1:] = argv
    entry_point()


def keras(argv: list[str], attack: dict[str, Any]) -> None:
    import keras_script

    from fmtool import backend, validate
    from fmtool.config.compose import compose

    name, threads = attack["backend"], attack["threads"]
    words = [f"runtime.backend={name}", f"runtime.threads={threads}", "runtime.device=cpu"]
    words.append("runtime.precision=float32")
    backend.select(validate.train_config(compose("train", words)).runtime)
    keras_script.train(*argv, _reporting(attack))


def _reporting(attack: dict[str, Any]) -> Report:
    def report(step: int) -> None:
        if attack["fault"] and step >= attack["at_step"]:
            os.environ["FMTOOL_FAULT"] = attack["fault"]
        os.write(_REPORTS, b"%d\n" % step)
        if attack["holds"] and step >= attack["at_step"]:
            attack["holds"] = False
            # `signal.pause` would wait for a second one where the first came just before it.
            while not (SignalGuard._innermost and SignalGuard._innermost.has_arrived):
                time.sleep(0.002)

    return report
