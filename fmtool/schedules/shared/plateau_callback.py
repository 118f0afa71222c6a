"""The callback behind `reduce_on_plateau`; imported where Keras is."""

from typing import Any

import keras

from fmtool.errors import UsageError
from fmtool.metric import Metric
from fmtool.schedules.reduce_on_plateau import Config
from fmtool.schedules.shared.curves import Plateau


class LowerOnPlateau(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Lowers the schedule's factor when `metric` has not improved for `patience` epochs.

    Unlike Keras' ReduceLROnPlateau it keeps its counters when a new `fit` begins, so that
    training goes on where `restore` put it.
    """

    def __init__(self, cfg: Config, schedule: Plateau, *, metric: Metric) -> None:
        super().__init__()
        self.cfg = cfg
        self.schedule = schedule
        self.metric = metric
        self.best: float | None = None
        self.wait = 0
        self.cooldown_counter = 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        if self.metric.name not in logs:
            raise UsageError(
                f"schedule reduce_on_plateau cannot find the metric {self.metric.name}",
                fix=f"monitor one of {', '.join(sorted(logs))}",
            )
        current = float(logs[self.metric.name])
        if self.cooldown_counter:
            self.cooldown_counter -= 1
            self.wait = 0
        if self.metric.is_better(current, self.best, by=self.cfg.min_delta):
            self.best = current
            self.wait = 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.cfg.patience:
                self.schedule.lower(self.cfg.factor)
                self.cooldown_counter = self.cfg.cooldown
                self.wait = 0

    def state(self) -> dict[str, Any]:
        """The counters as plain numbers, for a checkpoint; the factor is in the optimizer."""
        return {"best": self.best, "wait": self.wait, "cooldown_counter": self.cooldown_counter}

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state` returned."""
        self.best = state["best"]
        self.wait = state["wait"]
        self.cooldown_counter = state["cooldown_counter"]
