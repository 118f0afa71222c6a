"""The callback behind `reduce_on_plateau`; imported where Keras is."""

from typing import Any

import keras

from fmtool.errors import UsageError
from fmtool.metric import Metric
from fmtool.schedules.shared.curves import Plateau


class LowerOnPlateau(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Lowers the schedule's factor when `metric` has not improved for `patience` epochs.

    Unlike Keras' ReduceLROnPlateau it keeps its counters when a new `fit` begins, so that
    training goes on where `restore` put it.

    Args:
        min_delta: a smaller change of the metric is no improvement.
        cooldown: epochs after a fall during which none is counted.
    """

    def __init__(
        self,
        schedule: Plateau,
        *,
        metric: Metric,
        factor: float,
        patience: int,
        min_delta: float,
        cooldown: int,
    ) -> None:
        super().__init__()
        self.schedule, self.metric = schedule, metric
        self.factor, self.patience = factor, patience
        self.min_delta, self.cooldown = min_delta, cooldown
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
        if self.metric.is_better(current, self.best, by=self.min_delta):
            self.best = current
            self.wait = 0
        elif not self.cooldown_counter:
            self.wait += 1
            if self.wait >= self.patience:
                self.schedule.lower(self.factor)
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def state(self) -> dict[str, Any]:
        """The counters as plain numbers, for a checkpoint; the factor is in the optimizer."""
        return {"best": self.best, "wait": self.wait, "cooldown_counter": self.cooldown_counter}

    def restore(self, state: dict[str, Any]) -> None:
        """Put back what `state` returned."""
        self.best = state["best"]
        self.wait = state["wait"]
        self.cooldown_counter = state["cooldown_counter"]
