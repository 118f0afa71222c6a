"""Says how long it will take to read many samples, once, where it takes long."""

import time

from fmtool.notices import note

_PATIENCE = 3.0
"""Seconds."""


class TimeLeft:
    """Counts what is read; silent where that takes three seconds or less.

    Args:
        what: is being done, for the line.
        count: of the samples.
    """

    def __init__(self, what: str, count: int) -> None:
        self._what, self._count = what, count
        self._done, self._began, self._is_announced = 0, time.monotonic(), False

    def step(self, samples: int = 1) -> None:
        self._done += samples
        seconds = time.monotonic() - self._began
        if seconds > _PATIENCE and not self._is_announced:
            self._is_announced = True
            left = seconds * (self._count - self._done) / self._done
            note(f"{self._what}; about {left:.0f} s left")
