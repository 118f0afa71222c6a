"""Says how long a look at many samples will take, once, where it takes long."""

import time

from fmtool.notices import note

_PATIENCE = 3.0
"""Seconds."""


class Progress:
    def __init__(self, what: str, count: int) -> None:
        self._what, self._count = what, count
        self._done, self._began, self._is_announced = 0, time.monotonic(), False

    def step(self) -> None:
        self._done += 1
        seconds = time.monotonic() - self._began
        if seconds > _PATIENCE and not self._is_announced:
            self._is_announced = True
            left = seconds * (self._count - self._done) / self._done
            note(f"looking at {self._count:,} {self._what}; about {left:.0f} s left")
