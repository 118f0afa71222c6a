"""Tells which steps took far longer than usual: a callback of one's own.

    fmtool train --plugin examples/own_callback/slow_steps.py \\
        'callbacks.own=[{name: slow_steps, factor: 3.0}]' model=mlp data=digits

It looks at every batch, so fmtool runs one step per dispatch, and says so. What it counted goes
on in a resumed run, since it has `state` and `restore`.
"""

import sys
import time
from statistics import median
from typing import Any, Literal

from fmtool.callbacks.base import CallbackConfig
from fmtool.config.base import PositiveFloat


class Config(CallbackConfig):
    name: Literal["slow_steps"]
    factor: PositiveFloat
    """Of the median time of a step: longer ones are slow."""


def build(cfg: Config) -> Any:
    """A Keras callback."""
    import keras

    class SlowSteps(keras.callbacks.Callback):  # type: ignore[misc]  # Keras ships no types
        def __init__(self) -> None:
            super().__init__()
            self._steps = self._slow = 0
            self._seconds: list[float] = []

        def state(self) -> dict[str, Any]:
            return {"steps": self._steps, "slow": self._slow}

        def restore(self, state: dict[str, Any]) -> None:
            self._steps, self._slow = state["steps"], state["slow"]

        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self._began = time.perf_counter()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self._seconds.append(time.perf_counter() - self._began)

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            limit = cfg.factor * median(self._seconds)
            self._slow += sum(seconds > limit for seconds in self._seconds)
            self._steps += len(self._seconds)
            self._seconds.clear()

        def on_train_end(self, logs: Any = None) -> None:
            print(f"{self._slow} of {self._steps} steps were slow", file=sys.stderr)

    return SlowSteps()
