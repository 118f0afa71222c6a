"""Operations on a storage that may be away for a while: they are repeated until it is back."""

import time
from collections.abc import Callable
from typing import TypeVar

from fmtool.notices import warn
from fmtool.signals import SignalGuard
from fmtool.tuning import damage
from fmtool.tuning import storage as storages

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 3.0
_QUIET_SECONDS = 1.0
"""A busy storage answers the second or third time, and nobody needs to hear of it."""

T = TypeVar("T")


class RetryPolicy:
    """Repeats what fails because the storage is away.

    Args:
        seconds: for which it may be; then Unavailable is raised.
        signals: what ends the waiting earlier.
    """

    def __init__(self, url: str, seconds: float, signals: SignalGuard | None = None) -> None:
        self._url, self._seconds, self._signals = url, seconds, signals

    def __call__(self, operation: Callable[[], T]) -> T:
        """The result of a function that bears to be called twice, since an answer may get lost.

        Raises DataError, WriteFailed or CannotCreate at once where waiting mends nothing.
        """
        pause, began, has_warned = _FIRST_PAUSE_SECONDS, time.monotonic(), False
        while True:
            try:
                return operation()
            except Exception as error:
                found = damage.lasting(self._url, error)
                if found is not None:
                    raise found from error
                if not storages.is_outage(error):
                    raise
                waited = time.monotonic() - began
                if waited + pause > self._seconds or self._is_interrupted():
                    raise storages.unavailable(self._url, error) from error
                is_first = pause == _FIRST_PAUSE_SECONDS
                if waited > _QUIET_SECONDS and not (is_first or has_warned):
                    has_warned = True
                    warn(f"{storages.unavailable(self._url, error).message}; trying again")
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _is_interrupted(self) -> bool:
        return self._signals is not None and self._signals.has_arrived
