"""The callback that turns Keras' logs into rows, and stops when training diverges."""

import math
import statistics
import time
from collections.abc import Sequence
from typing import Any

import keras

from fmtool.errors import Diverged
from fmtool.logging.sink import Row, Sink
from fmtool.training.feed import Plan
from fmtool.training.optimization import Optimization

_LOOK_SECONDS = 0.1
"""Reading a metric waits for the device, so it is done this often at most."""


class Recorder(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Hands a row to every sink at the end of each epoch and every so many steps.

    Args:
        plan: its `epoch` is set here, before the first batch of each epoch.
        every_n_steps: steps between step rows; 0 for none. Sinks that show progress get more.
    """

    def __init__(
        self,
        plan: Plan,
        sinks: Sequence[Sink],
        optimization: Optimization,
        *,
        every_n_steps: int,
    ) -> None:
        super().__init__()
        self._plan, self._sinks, self._optimization = plan, sinks, optimization
        self._every_n_steps = every_n_steps
        self._began = time.perf_counter()
        self._epoch_began = self._epoch_seconds = self._looked = 0.0
        self._recorded = 0
        self.epoch = 0
        self.step = 0
        self.last_row: Row | None = None
        self._speeds: list[float] = []

    @property
    def seconds(self) -> float:
        """Since training began."""
        return time.perf_counter() - self._began

    @property
    def images_per_second(self) -> float:
        """The median over the epochs; the first, which compiles, counts only if it is alone."""
        return statistics.median(self._speeds[1:] or self._speeds)

    def on_train_begin(self, logs: Any = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._plan.epoch = epoch
        self.epoch = epoch
        self._epoch_began = time.perf_counter()
        self._epoch_seconds = 0.0
        self._learning_rate = self._optimization.learning_rate()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        # The last dispatch of an epoch may be shorter than Keras' count of its steps says.
        steps_done = min(batch + 1, self._plan.steps)
        self.step = self.epoch * self._plan.steps + steps_done
        self._epoch_seconds = time.perf_counter() - self._epoch_began
        is_due = self._every_n_steps and self.step // self._every_n_steps > self._recorded
        now = time.perf_counter()
        if not is_due and now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        row = self._row("step", logs, steps_done * self._plan.batch_size)
        if is_due:
            self._recorded = self.step // self._every_n_steps
        for sink in self._sinks:
            if is_due or getattr(sink, "shows_progress", False):
                sink.step(row)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        row = self._row("epoch", logs, self._plan.samples)
        self.last_row = row
        self._speeds.append(row["images_per_second"])
        for sink in self._sinks:
            sink.epoch(row)

    def _row(self, kind: str, logs: Any, samples: int) -> Row:
        metrics = {name: float(logs[name]) for name in sorted(logs or {}, key=_reading_order)}
        row: Row = {
            "kind": kind,
            "epoch": self.epoch + 1,
            "step": self.step,
            "seconds": round(self.seconds, 3),
            "learning_rate": self._learning_rate.at(self.step),
            "images_per_second": round(samples / max(self._epoch_seconds, 1e-9), 1),
            **metrics,
        }
        lost = [name for name in metrics if not math.isfinite(metrics[name])]
        if lost:
            raise self._divergence(row, lost[0])
        return row

    def _divergence(self, row: Row, metric: str) -> Diverged:
        last = self.last_row
        known = f"; last finite loss {last['loss']:.4g} in epoch {last['epoch']}" if last else ""
        return Diverged(
            f"{metric} became {row[metric]} by step {row['step']} of epoch {row['epoch']}{known}",
            fix="lower optimizer.learning_rate, add schedule.warmup_epochs or clip gradients "
            "with optimizer.global_clipnorm",
        )


def _reading_order(metric: str) -> tuple[bool, bool, str]:
    """Training before validation, the loss first."""
    return metric.startswith("val_"), not metric.endswith("loss"), metric
