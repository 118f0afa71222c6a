"""`runtime.profile=true`: where the time of a run goes, and a trace of some of its steps."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from fmtool.notices import note, warn
from fmtool.runs.atomic import write_json
from fmtool.training.callbacks.checkpointing import Checkpointer
from fmtool.training.callbacks.of_run import Loop
from fmtool.training.callbacks.recorder import Recorder
from fmtool.training.profiling import trace
from fmtool.training.profiling.stopwatch import Stopwatch
from fmtool.training.session import Session
from fmtool.training.step.plan import BatchPlan

SCHEMA_VERSION = 1

PHASES = {
    "start": "imports, build, compiling, first dispatch",
    "input": "the host, until batches are there",
    "step": "the device, after the first dispatch",
    "logging": "rows, TensorBoard, progress",
    "checkpoint": "checkpoints and the state kept for them",
    "validation": "after each epoch",
    "trace": "starting the trace and writing it",
    "report": "model.keras, the test split, plots",
    "other": "what is left of fit",
}
"""The work of each phase, in the order in which they are shown."""

_WARM_UP_STEPS = 10
_TRACED_STEPS = 10


class Unprofiled:
    """Stands in for a profiler where none is wanted."""

    def watch(self, session: Session, loop: Loop) -> Loop:
        """`loop`, whose time is taken."""
        return loop

    def enter(self, phase: str) -> None:
        """From now on time belongs to `phase`."""


class Profiler(Unprofiled):
    """Takes the time of a run by wrapping what it calls; no value that training uses changes.

    It waits for the device after each dispatch: what is still under way there would count for
    whoever asks for a result next.

    Args:
        directory: of the profile; made when training begins.
        began: when the run did, by `time.perf_counter`.
    """

    def __init__(self, directory: Path, *, began: float) -> None:
        self._directory = directory
        self._stopwatch = Stopwatch("start", began=began)
        self._tracer: _Tracer | None = None

    def watch(self, session: Session, loop: Loop) -> Loop:
        take = self._stopwatch.time_methods
        take("validation", session.model, "evaluate")
        take("logging", loop.recorder, "on_epoch_begin", "on_train_batch_end", "on_epoch_end")
        for callback in loop.callbacks:
            if isinstance(callback, Checkpointer):
                take("checkpoint", callback, "on_train_batch_end", "on_epoch_end", "commit")
        if self._tracer is None:
            self._tracer = _Tracer(self._directory, self._stopwatch)
        self._tracer.recorder = loop.recorder
        steps = _Steps(self._stopwatch, session.plan)
        return replace(loop, callbacks=[*loop.callbacks, steps, self._tracer])

    def enter(self, phase: str) -> None:
        self._stopwatch.enter(phase)

    def close(self) -> None:
        """Writes the times and prints them on stderr, if training began."""
        if self._tracer is None:
            return
        self._tracer.stop()
        taken = self._stopwatch.seconds()
        seconds = {phase: taken.get(phase, 0.0) for phase in PHASES}
        times = {
            "schema_version": SCHEMA_VERSION,
            "wall_seconds": sum(seconds.values()),
            "seconds": seconds,
        }
        with _kept_from_failing("the times were not written"):
            self._directory.mkdir(exist_ok=True)
            write_json(self._directory / "times.json", times)
        _print(seconds)
        note(f"profile: {self._directory}")


@contextmanager
def profiling(directory: Path, *, began: float, is_wanted: bool) -> Iterator[Unprofiled]:
    """A profiler for a training within, which tells its times on every way out."""
    if not is_wanted:
        yield Unprofiled()
        return
    profiler = Profiler(directory, began=began)
    try:
        yield profiler
    finally:
        profiler.close()


class _Steps(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Takes the time of Keras' train and test functions, and of what happens between them."""

    def __init__(self, stopwatch: Stopwatch, plan: BatchPlan) -> None:
        super().__init__()
        self._stopwatch, self._plan = stopwatch, plan
        self._train: Any = None
        self._test: Any = None

    def on_train_begin(self, logs: Any = None) -> None:
        # None where all steps of an epoch are done and only its validation is left.
        if self.model.train_function not in (None, self._train):
            self._train = self._timed("step", self.model.train_function)
            self.model.train_function = self._train

    def on_test_begin(self, logs: Any = None) -> None:
        if self.model.test_function is not self._test:
            self._test = self._timed("validation", self.model.test_function)
            self.model.test_function = self._test

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._stopwatch.enter("input")
        # Drawn here and kept, for on TensorFlow another thread would, while the first step waits.
        self._plan.arrays()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._stopwatch.enter("other")

    def _timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        phases = iter(["start"])

        def dispatch(*arguments: Any) -> Any:
            *state, batches = arguments
            if state and phase == "step":  # on JAX, where the function itself asks for batches
                batches = self._stopwatch.timed_items("input", batches)
            with self._stopwatch.phase(next(phases, phase)):
                result = function(*state, batches)
                _wait_for(result[0] if state else result)
            return result

        return dispatch


def _wait_for(logs: Any) -> None:
    for value in keras.tree.flatten(logs):
        keras.ops.convert_to_numpy(value)


class _Tracer(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Traces about ten steps once ten are done: whole dispatches, the first one never."""

    recorder: Recorder

    def __init__(self, directory: Path, stopwatch: Stopwatch) -> None:
        super().__init__()
        self._directory, self._stopwatch = directory, stopwatch
        self._begin: int | None = None
        self._end: Callable[[], None] | None = None
        self._is_done = False

    def on_train_begin(self, logs: Any = None) -> None:
        if self._begin is None:
            self._begin = self.recorder.step + _WARM_UP_STEPS

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        assert self._begin is not None
        if self._end is not None and self.recorder.step >= self._begin + _TRACED_STEPS:
            self.stop()
        elif not self._is_done and self.recorder.step >= self._begin:
            self._begin, self._is_done = self.recorder.step, True
            with self._stopwatch.phase("trace"), _kept_from_failing("no trace was taken"):
                self._end = trace.start(self._directory)

    def on_train_end(self, logs: Any = None) -> None:
        self.stop()

    def stop(self) -> None:
        end, self._end = self._end, None
        if end is not None:
            with self._stopwatch.phase("trace"), _kept_from_failing("no trace was written"):
                end()


@contextmanager
def _kept_from_failing(what: str) -> Iterator[None]:
    """Each profiler has errors of its own, and the training is worth more than its profile."""
    try:
        yield
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        warn(f"{what}: {type(error).__name__}: {reason}")


def _print(seconds: Mapping[str, float]) -> None:
    from fmtool import terminal
    from fmtool.terminal import Column

    whole = sum(seconds.values())
    numbers = (Column(name, is_number=True) for name in ("seconds", "share"))
    table = terminal.table("phase", *numbers, "spent on")
    for phase, taken in seconds.items():
        table.add_row(phase, f"{taken:.3f}", f"{taken / whole:.1%}", PHASES[phase])
    table.add_row("sum", f"{whole:.3f}", "100.0%", "from data in memory to the report")
    terminal.show([table], sys.stderr)
