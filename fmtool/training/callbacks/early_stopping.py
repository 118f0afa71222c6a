"""Stops a training whose monitored metric has not improved for some epochs."""

from typing import Any

import keras


class EarlyStopping(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
    """Keras' rule, with counters that survive in a checkpoint and a second `fit`.

    Args:
        monitor: a metric in the logs of every epoch.
        mode: `min` or `max`.
        patience: epochs without improvement before training stops.
        min_delta: the smallest change that is one.
    """

    def __init__(self, *, monitor: str, mode: str, patience: int, min_delta: float) -> None:
        super().__init__()
        self._monitor, self._patience, self._min_delta = monitor, patience, min_delta
        self._sign = 1.0 if mode == "min" else -1.0
        self._best: float | None = None
        self._wait = 0
        self.has_stopped = False

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        value = float(logs[self._monitor])
        self._wait += 1
        if self._best is None or self._sign * (self._best - value) > self._min_delta:
            self._best = value
            self._wait = 0
        elif self._wait >= self._patience:
            self.has_stopped = self.model.stop_training = True

    def state(self) -> dict[str, Any]:
        return {"best": self._best, "wait": self._wait, "has_stopped": self.has_stopped}

    def restore(self, state: dict[str, Any]) -> None:
        self._best, self._wait = state["best"], state["wait"]
        self.has_stopped = state["has_stopped"]
