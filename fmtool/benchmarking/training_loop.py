"""fmtool's own training, a stretch at a time: what `fmtool train` runs, with its time taken."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from fmtool.logging.metrics_log import MetricsLog
from fmtool.logging.plain_lines import PlainLines
from fmtool.logging.sink import Sink
from fmtool.logging.tensorboard import TensorBoardSink
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.layout import RunPaths
from fmtool.signals import SignalGuard
from fmtool.training import loop, reporting
from fmtool.training.callbacks.checkpointing import Checkpointer
from fmtool.training.callbacks.of_run import assemble
from fmtool.training.callbacks.recorder import Recorder
from fmtool.training.profiling.stopwatch import Stopwatch
from fmtool.training.session import Session
from fmtool.training.step.plan import BatchPlan


@dataclass(frozen=True)
class Stretch:
    """The figures of a stretch of training.

    Args:
        seconds: from its first step to the end of its last epoch, rows and TensorBoard files
            included, checkpoints and validation not.
        first_dispatch: seconds from the call of `fit` until its first steps were done.
    """

    steps: int
    seconds: float
    first_dispatch: float

    @property
    def steps_per_second(self) -> float:
        return self.steps / self.seconds


@contextmanager
def training_loop(
    session: Session, directory: Path, signals: SignalGuard
) -> Iterator["TrainingLoop"]:
    """One whose files go into `directory`, with the sinks of a run whose stderr is a file."""
    paths = RunPaths(directory)
    with ExitStack() as closing, (directory / "stderr").open("w", encoding="utf-8") as display:
        sinks: list[Sink] = [MetricsLog(paths.metrics, paths.history), PlainLines(display)]
        if session.cfg.logging.tensorboard:
            sinks.append(TensorBoardSink(paths.tensorboard, config_text="", model_summary=""))
        plan = reporting.plan_of(session)
        for sink in sinks:
            closing.callback(sink.close)
            sink.start(plan)
        yield TrainingLoop(session, sinks, paths, signals)


class TrainingLoop:
    """Trains on from stretch to stretch, with every callback of a run."""

    def __init__(
        self, session: Session, sinks: Sequence[Sink], paths: RunPaths, signals: SignalGuard
    ) -> None:
        self._session, self._signals = session, signals
        self._stopwatch = Stopwatch("outside")
        self._store = _CountingStore(paths.checkpoints, keep=1)
        parts = assemble(session, sinks, self._store, signals, facts={"rollbacks": 0})
        self._clock = _Clock(self._stopwatch, session.plan, parts.recorder)
        self._parts = replace(parts, callbacks=[*parts.callbacks, self._clock])
        self._stopwatch.time_methods("validation", session.model, "evaluate")
        for callback in parts.callbacks:
            if isinstance(callback, Checkpointer):
                self._stopwatch.time_methods("checkpoint", callback, "on_epoch_end", "commit")

    def train(self, seconds: float) -> Stretch:
        """Trains for so long, a dispatch at least, on from where the last stretch ended."""
        done = self._clock.epochs
        position = loop.Position(step=done * self._session.plan.steps, epochs_done=done)
        self._clock.set(seconds)
        with self._signals.deferring():
            loop.run(self._session, self._parts, position)
        return self._clock.stretch()

    @property
    def seconds_per_checkpoint(self) -> float:
        """The time of a checkpoint, over all that were written so far."""
        return self._stopwatch.seconds()["checkpoint"] / self._store.commits


class _CountingStore(CheckpointStore):
    commits = 0

    def commit(self, *arguments: Any, **named: Any) -> Path:
        self.commits += 1
        return super().commit(*arguments, **named)


class _Clock(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Ends `fit` after some time and counts what it did; the last of the callbacks."""

    def __init__(self, stopwatch: Stopwatch, plan: BatchPlan, recorder: Recorder) -> None:
        super().__init__()
        self._stopwatch, self._plan, self._recorder = stopwatch, plan, recorder
        self.epochs = 0
        """Epochs that have begun so far."""

    def set(self, seconds: float) -> None:
        """To be called before each stretch."""
        self._limit, self._steps, self._first_dispatch = seconds, 0, 0.0
        self._begin = self._stopwatch.seconds()
        self._stopwatch.enter("start")

    def stretch(self) -> Stretch:
        return Stretch(self._steps, self._taken("training"), self._first_dispatch)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._stopwatch.enter("training")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        taken = self._taken("training")
        if not self._first_dispatch:
            float(logs["loss"])  # waits for the device
            self._first_dispatch = self._taken("start") + self._taken("training")
        if taken >= self._limit:
            self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._steps += self._recorder.step - epoch * self._plan.steps
        self.epochs = epoch + 1
        if self.model.stop_training:
            self._stopwatch.enter("outside")

    def _taken(self, phase: str) -> float:
        return self._stopwatch.seconds().get(phase, 0.0) - self._begin.get(phase, 0.0)
