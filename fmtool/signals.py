"""Turns the signals that end a process, and its time limit, into an orderly end of the work.

While training steps run, a signal is only noted and the loop stops at the next look; elsewhere
it is raised where it arrives. A second signal ends the process at once, unless it follows so soon
that it is the same one: `timeout` and wrappers that pass signals on send it twice. Where neither
can be done the process ends after a few last words, its work abandoned:

- The main thread is inside C code, which a compiler may be for minutes. Python runs no handler
  then, so a watchdog thread waits for 5 s.
- An import is under way. What is raised there is turned into another error, or into a segmentation
  fault, by extension modules that do not expect it.
"""

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, ClassVar, Self

from fmtool.errors import Interrupted, Stopped, TimeLimit
from fmtool.notices import warn

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_ECHO_SECONDS = 0.2
_GRACE_SECONDS = 5.0
_LAST_WORDS_SECONDS = 3.0
_SHORTEST_TIMER_SECONDS = 1e-6

LastWords = Callable[[Interrupted], None]


class SignalGuard:
    """A context in which signals arrive as `Interrupted`; in the main thread only.

    Guards may be nested: the inner one takes the signals, and the outer one's time limit over.

    Args:
        on_abandon: the last words, spoken in another thread and for at most 3 s before the
            process ends. Those of outer guards follow.
    """

    _innermost: ClassVar["SignalGuard | None"] = None

    def __init__(self, on_abandon: LastWords | None = None) -> None:
        self.on_abandon = on_abandon
        self.interruption: Interrupted | None = None
        """The first signal that arrived."""
        self._is_deferring = False
        self._has_raised = False
        self._deadline: float | None = None
        self._before: dict[int, Any] = {}
        self._outer: SignalGuard | None = None
        self._watchdog = _Watchdog(self)

    def __enter__(self) -> Self:
        self._outer, SignalGuard._innermost = SignalGuard._innermost, self
        self._watchdog.start()
        for number in _SIGNALS:
            # `nohup` asks to outlive the terminal; SIGINT is ignored in every background job.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                self._handle(number)
        if self._outer is not None and self._outer._deadline is not None:
            self._deadline = self._outer._deadline
            self._arm()
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        self._is_deferring = True
        if self._deadline is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
        self._watchdog.stand_down()
        for number, handler in self._before.items():
            # None stands for a handler that was not installed from Python.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        SignalGuard._innermost = self._outer
        if self._outer is not None and self._outer._deadline and not self.has_arrived:
            self._outer._arm()
        # What was raised may have been swallowed on its way here, or turned into another error.
        if error is None or (self._has_raised and not isinstance(error, Interrupted)):
            self.check()

    def limit(self, seconds: float) -> None:
        """`seconds` from now TimeLimit arrives like a signal; of several limits the first."""
        deadline = time.monotonic() + seconds
        if self._deadline is None or deadline < self._deadline:
            self._deadline = deadline
            self._arm()

    @classmethod
    def stop(cls) -> bool:
        """From another thread: the training that runs ends at its next look; else False."""
        guard = cls._innermost
        if guard is None or not guard._is_deferring or guard.has_arrived:
            return False
        guard.interruption = Stopped()
        return True

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
        return self.interruption is not None

    def acknowledge(self) -> None:
        """The work is ending: from here on it may take its time, the watchdog stands down."""
        self._watchdog.is_acknowledged.set()

    def check(self) -> None:
        """Acknowledges and raises Interrupted if a signal has arrived."""
        if self.interruption is not None:
            self.acknowledge()
            self._raise()

    def _handle(self, number: int) -> None:
        self._before.setdefault(number, signal.getsignal(number))
        signal.signal(number, self._arrive)

    def _arm(self) -> None:
        assert self._deadline is not None
        self._handle(signal.SIGALRM)
        remaining = self._deadline - time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, max(remaining, _SHORTEST_TIMER_SECONDS))

    def _arrive(self, number: int, frame: FrameType | None) -> None:
        if self.interruption is not None:
            return
        self.interruption = _interruption(number)
        if self._is_deferring:
            return
        if _is_importing(frame):
            _end_process(self.interruption, self._last_words())
        self._raise()

    def _raise(self) -> None:
        assert self.interruption is not None
        self._has_raised = True
        raise self.interruption

    def _last_words(self) -> Iterator[LastWords]:
        guard: SignalGuard | None = self
        while guard is not None:
            if guard.on_abandon is not None:
                yield guard.on_abandon
            guard = guard._outer


class _Watchdog(threading.Thread):
    """Ends the process where the main thread does not acknowledge a signal in time.

    It hears of a signal through the file that Python's C handler writes the number to, for which
    the main thread need not run Python.
    """

    def __init__(self, guard: SignalGuard) -> None:
        super().__init__(name="fmtool-watchdog", daemon=True)
        self.is_acknowledged = threading.Event()
        self._is_over = threading.Event()
        self._guard = guard

    def start(self) -> None:
        self._read_fd, self._write_fd = os.pipe()
        os.set_blocking(self._write_fd, False)
        super().start()
        self._mouth_before = signal.set_wakeup_fd(self._write_fd, warn_on_full_buffer=False)

    def stand_down(self) -> None:
        """In the main thread, before handlers are restored: `run` may still replace them."""
        signal.set_wakeup_fd(self._mouth_before)
        self._is_over.set()
        self.is_acknowledged.set()
        os.close(self._write_fd)
        self.join()
        os.close(self._read_fd)

    def run(self) -> None:
        number = self._first_signal()
        if number is None or self._is_over.wait(_ECHO_SECONDS):
            return
        for each in list(self._guard._before):
            # The time limit is no second signal.
            _handle(each, signal.SIG_IGN if each == signal.SIGALRM else signal.SIG_DFL)
        if not self.is_acknowledged.wait(_GRACE_SECONDS - _ECHO_SECONDS):
            interruption = self._guard.interruption or _interruption(number)
            _end_process(interruption, [_say_abandoned, *self._guard._last_words()])

    def _first_signal(self) -> int | None:
        """Its number; None where the guard ends without one."""
        while heard := os.read(self._read_fd, 1):
            if heard[0] in self._guard._before:
                return heard[0]
        return None


def _say_abandoned(_: Interrupted) -> None:
    warn(f"the work at hand did not stop within {_GRACE_SECONDS:g} s and is abandoned")


def _end_process(interruption: Interrupted, last_words: Iterable[LastWords]) -> None:
    """Ends the process as if it had died by the signal, without unwinding anything."""

    def speak() -> None:
        for say in last_words:
            try:
                say(interruption)
            except Exception as error:
                warn(f"{type(error).__name__}: {error}")

    # In a thread of its own, since what it needs may be locked by the main thread.
    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    speaker.join(_LAST_WORDS_SECONDS)
    if isinstance(interruption, TimeLimit):
        os._exit(interruption.exit_code)
    _handle(interruption.signal_number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {interruption.signal_number})
    os.kill(os.getpid(), interruption.signal_number)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _interruption(number: int) -> Interrupted:
    return TimeLimit() if number == signal.SIGALRM else Interrupted(number)


def _handle(number: int, handler: signal.Handlers) -> None:
    """By the C library: `signal.signal` works in the main thread only."""
    libc = ctypes.CDLL(None)
    libc.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
    libc.signal.restype = ctypes.c_void_p
    libc.signal(number, handler)
