"""The course of a training as plain lines: one at the start, one per epoch."""

import time
from typing import TextIO

from fmtool.elements import UNITS, SampleKind
from fmtool.logging.progress import Clock, Progress
from fmtool.logging.rows import metrics_of
from fmtool.logging.sink import Row, TrainingInfo
from fmtool.metric import show
from fmtool.notices import counted, printable


class PlainLines:
    """For log files, pipes and terminals that cannot redraw."""

    def __init__(self, stream: TextIO, clock: Clock = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock

    def start(self, plan: TrainingInfo) -> None:
        self._course = Progress(plan, self._clock)
        self._print(start_line(plan))

    def step(self, row: Row) -> None:
        """Steps are for the eye; a log keeps epochs."""

    def epoch(self, row: Row) -> None:
        seconds, is_best = self._course.take_epoch(row)
        self._print(epoch_line(row, self._course.plan, seconds, is_best))

    def reporting(self) -> None:
        """Nothing to do: the summary follows."""

    def close(self) -> None:
        """Nothing to do: every line is flushed as it is printed."""

    def _print(self, line: str) -> None:
        print(printable(line), file=self._stream, flush=True)


def start_line(plan: TrainingInfo) -> str:
    return "  ".join(start_parts(plan))


def start_parts(plan: TrainingInfo) -> list[str]:
    """The facts of a training before its first step, in parts of less than a line each."""
    samples = f"{plan.train_size} training"
    if plan.validation_size:
        samples += f" + {plan.validation_size} validation"
    left_out = plan.train_size - plan.steps_per_epoch * plan.batch_size
    batches = f"batch size {plan.batch_size}"
    if left_out > 0:
        batches += f", {counted(left_out, 'sample')} left out of each epoch"
    steps = counted(plan.steps_per_epoch, "step")
    return [
        f"train {plan.model_name} on {plan.data_name}  {plan.parameters} parameters",
        f"{samples} samples  {plan.backend} on {plan.device}, {plan.precision}",
        f"{counted(plan.epochs, 'epoch')} of {steps}, {batches}",
    ]


def epoch_line(row: Row, plan: TrainingInfo, seconds: float, is_best: bool) -> str:
    parts = [f"epoch {row['epoch']}/{plan.epochs}", *figures(row, plan.kind), f"{seconds:.1f} s"]
    return "  ".join([*parts, "best"] if is_best else parts)


def figures(row: Row, kind: SampleKind) -> list[str]:
    return [
        *(f"{name} {show(value)}" for name, value in metrics_of(row).items()),
        f"lr {row['learning_rate']:.1e}",
        f"{row['samples_per_second']:.0f} {UNITS[kind]}/s",
    ]
