"""The callback that turns Keras' logs into rows, and stops when training diverges."""

import math
import statistics
import time
from collections.abc import Sequence
from typing import Any

import keras

from fmtool.errors import Diverged
from fmtool.logging.sink import Row, Sink
from fmtool.metric import is_loss
from fmtool.training.optimization import Optimization
from fmtool.training.step import to_host
from fmtool.training.step.plan import BatchPlan

_MAX_BATCHES = 32
"""Whose samples are listed when training diverges."""
_LOOK_SECONDS = 0.1
_REPEATED = "val_penalty"
"""The penalty again: it is one of weights, not of samples."""


class Recorder(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Hands a row to every sink at the end of each epoch and every so many steps.

    Args:
        plan: its `epoch` is set here, before the first batch of each epoch.
        epochs: how many there are.
        look_seconds: reading a metric waits for the device, so it is done this often at most.
        every_n_steps: steps between step rows; 0 for none. Sinks that show progress get more.
    """

    def __init__(
        self,
        plan: BatchPlan,
        sinks: Sequence[Sink],
        optimization: Optimization,
        *,
        epochs: int,
        every_n_steps: int,
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        super().__init__()
        self._plan, self._sinks, self._optimization = plan, sinks, optimization
        self.epochs = epochs
        self._every_n_steps = every_n_steps
        self._look_seconds = look_seconds
        self._began = time.perf_counter()
        self._epoch_began = self._epoch_seconds = self._looked = 0.0
        self._start = self._done = 0
        """Steps of the epoch that were done before this training began, and that are done now."""
        self._finite: dict[str, float] = {}
        self.epoch = 0
        self.step = 0
        self.last_row: Row | None = None
        self._speeds: list[float] = []

    @property
    def seconds(self) -> float:
        """Since training began, the time before a resume included, a pause not."""
        return time.perf_counter() - self._began

    @property
    def is_within_epoch(self) -> bool:
        """True where batches of the epoch are still to come."""
        return self.step < (self.epoch + 1) * self._plan.steps

    def state(self) -> dict[str, Any]:
        """The counters that a resumed training needs to go on with its rows."""
        return {"seconds": self.seconds, "last_row": self.last_row}

    def restore(self, state: dict[str, Any]) -> None:
        self._began = time.perf_counter() - state["seconds"]
        self.last_row = state["last_row"]

    def resume_at(self, *, step: int, epochs_done: int) -> None:
        """Counts on from a step, which may lie within the epoch after those that are done."""
        self.step = step
        self.epoch = epochs_done
        self._start = step - epochs_done * self._plan.steps

    @property
    def seconds_per_step(self) -> float:
        """The time of a step of the present epoch so far."""
        steps = self.step - self.epoch * self._plan.steps - self._start
        return self._epoch_seconds / max(1, steps)

    @property
    def samples_per_second(self) -> float:
        """The median over the epochs; the first, which compiles, counts only if it is alone."""
        return statistics.median(self._speeds[1:] or self._speeds or [0.0])

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._plan.epoch = epoch
        self.epoch = epoch
        self._done = self._start
        self._epoch_began = time.perf_counter()
        self._epoch_seconds = 0.0
        self._learning_rate = self._optimization.learning_rate()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        # Dispatches may be shorter than Keras' count of their steps says, the last ones empty.
        steps_done = self._plan.dispatch_end(self._done, self.model.steps_per_execution)
        if steps_done == self._done:
            return
        self._done = steps_done
        self.step = self.epoch * self._plan.steps + steps_done
        self._epoch_seconds = time.perf_counter() - self._epoch_began
        is_due = bool(self._every_n_steps) and self.step % self._every_n_steps == 0
        now = time.perf_counter()
        if not is_due and now - self._looked < self._look_seconds:
            return
        self._looked = now
        row = self._row("step", logs, (steps_done - self._start) * self._plan.batch_size)
        for sink in self._sinks:
            if is_due or getattr(sink, "shows_progress", False):
                sink.step(row)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        row = self._row("epoch", logs, self._plan.samples - self._start * self._plan.batch_size)
        self._start = 0
        self.last_row = row
        self._speeds.append(row["samples_per_second"])
        for sink in self._sinks:
            sink.epoch(row)

    def _row(self, kind: str, logs: Any, samples: int) -> Row:
        to_host.begin((logs or {}).values())
        names = sorted((logs or {}).keys() - {_REPEATED}, key=_reading_order)
        metrics = {name: float(logs[name]) for name in names}
        row: Row = {
            "kind": kind,
            "epoch": self.epoch + 1,
            "step": self.step,
            "seconds": round(self.seconds, 3),
            "learning_rate": self._learning_rate.at(self.step),
            "samples_per_second": round(samples / max(self._epoch_seconds, 1e-9), 1),
            **metrics,
        }
        lost = [name for name in metrics if not math.isfinite(metrics[name])]
        if lost:
            raise self.divergence(f"{lost[0]} became {metrics[lost[0]]}")
        self._finite = {"step": self.step, **metrics}
        return row

    def divergence(self, what: str) -> Diverged:
        """Names the steps at which it can have happened, their samples, and what was known last.

        Where the state lies on the device for several steps, or steps are fast, these are several.
        """
        begin = self.epoch * self._plan.steps
        first = max(int(self._finite.get("step", 0)), begin + self._start) + 1
        steps = range(min(first, self.step), self.step + 1)
        samples = [
            self._plan.arrays()[0][self._plan.batch(step - begin - 1)].tolist() for step in steps
        ]
        at = f"step {steps[0]}" if len(steps) == 1 else f"steps {steps[0]} to {steps[-1]}"
        batch = f"batch {steps[0] - begin} of samples {_few(samples[0])}"
        known = ""
        if self._finite:
            known = f"; last finite loss {self._finite['loss']:.4g} at step {self._finite['step']}"
        return Diverged(
            f"{what} at {at} of epoch {self.epoch + 1}, {batch}{known}",
            fix="lower optimizer.learning_rate, add schedule.warmup_epochs, clip gradients "
            "with optimizer.global_clipnorm or set on_divergence=rollback",
            details={
                "epoch": self.epoch + 1,
                "steps": [steps[0], steps[-1]],
                "samples": samples[:_MAX_BATCHES],
                "last_finite": self._finite or None,
            },
        )


def _few(samples: list[int]) -> str:
    shown = ", ".join(map(str, samples[:4]))
    return f"{shown}, ... ({len(samples)})" if len(samples) > 4 else shown


def _reading_order(metric: str) -> tuple[bool, bool, str]:
    """Training before validation, the loss first."""
    return metric.startswith("val_"), not is_loss(metric), metric
