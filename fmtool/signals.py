"""Turns the signals that end a process into an orderly end of the work.

While training steps run, a signal is only noted and the loop stops at the next look; elsewhere
it is raised where it arrives. A second signal ends the process at once.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from fmtool.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SignalGuard:
    """A context in which signals arrive as `Interrupted`."""

    def __init__(self) -> None:
        self._noted: int | None = None
        self._is_deferring = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "SignalGuard":
        for number in _SIGNALS:
            self._before[number] = signal.getsignal(number)
            # `nohup` asks to outlive the terminal; SIGINT is ignored in every background job.
            if number != signal.SIGHUP or self._before[number] != signal.SIG_IGN:
                signal.signal(number, self._arrive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            # None stands for a handler that was not installed from Python.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    @contextmanager
    def deferring(self) -> Iterator[None]:
        """Within, signals are noted and `check` raises them."""
        self._is_deferring = True
        try:
            yield
        finally:
            self._is_deferring = False
        self.check()

    @property
    def has_arrived(self) -> bool:
        return self._noted is not None

    def check(self) -> None:
        """Raises Interrupted if a signal has arrived."""
        if self._noted is not None:
            raise Interrupted(self._noted)

    def _arrive(self, number: int, _: FrameType | None) -> None:
        for each in _SIGNALS:
            if signal.getsignal(each) != signal.SIG_IGN:
                signal.signal(each, signal.SIG_DFL)
        self._noted = number
        if not self._is_deferring:
            raise Interrupted(number)
