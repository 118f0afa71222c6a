"""Stops a training whose monitored metric has not improved for some epochs."""

from typing import Any

import keras

from fmtool.metric import Metric


class EarlyStopping(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Keras' rule, with counters that survive in a checkpoint and a second `fit`.

    Args:
        metric: in the logs of every epoch.
        patience: epochs without improvement before training stops.
        min_delta: the smallest change that is one.
    """

    def __init__(self, *, metric: Metric, patience: int, min_delta: float) -> None:
        super().__init__()
        self._metric, self._patience, self._min_delta = metric, patience, min_delta
        self._best: float | None = None
        self._wait = 0
        self.has_stopped = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = float(logs[self._metric.name])
        self._wait += 1
        if self._metric.is_better(value, self._best, by=self._min_delta):
            self._best = value
            self._wait = 0
        elif self._wait >= self._patience:
            self.has_stopped = self.model.stop_training = True

    def state(self) -> dict[str, Any]:
        return {"best": self._best, "wait": self._wait, "has_stopped": self.has_stopped}

    def restore(self, state: dict[str, Any]) -> None:
        self._best, self._wait = state["best"], state["wait"]
        self.has_stopped = state["has_stopped"]
