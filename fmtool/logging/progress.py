"""The progress of a training: the best epoch so far, the time of an epoch, the time left."""

import math
from collections.abc import Callable

from fmtool.logging.sink import Row, TrainingInfo

Clock = Callable[[], float]
"""Seconds that only go forward."""


class Progress:
    """Keeps what the terminal shows beside the rows themselves."""

    def __init__(self, plan: TrainingInfo, clock: Clock) -> None:
        self.plan = plan
        self.best: float | None = None
        self.best_epoch = 0
        self._clock = clock
        self._began = self._epoch_began = clock()
        self._first: tuple[int, float] | None = None
        for row in plan.past:
            if row["kind"] == "epoch":
                self._take_value(row)

    def take_step(self, row: Row) -> None:
        # The first row is the baseline: compilation lies before it, and a resumed run starts at
        # a step that is not 0.
        if self._first is None:
            self._first = (row["step"], self._clock())

    def take_epoch(self, row: Row) -> tuple[float, bool]:
        """Seconds that the epoch took, and whether it is the best so far."""
        self.take_step(row)
        now = self._clock()
        seconds, self._epoch_began = now - self._epoch_began, now
        return seconds, self._take_value(row)

    def _take_value(self, row: Row) -> bool:
        """Takes the value of an epoch; True where it is the best so far."""
        value = row.get(self.plan.monitor.name)
        is_best = (
            value is not None
            and math.isfinite(value)
            and self.plan.monitor.is_better(value, self.best)
        )
        if is_best:
            self.best, self.best_epoch = value, row["epoch"]
        return is_best

    def seconds_so_far(self) -> float:
        return self._clock() - self._began

    def seconds_left(self, row: Row) -> float | None:
        """None until two rows are known."""
        if self._first is None or row["step"] <= self._first[0]:
            return None
        first_step, first_time = self._first
        seconds_per_step = (self._clock() - first_time) / (row["step"] - first_step)
        total = self.plan.epochs * self.plan.steps_per_epoch
        return float(max(0, total - row["step"]) * seconds_per_step)
