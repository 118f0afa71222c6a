"""Divides the time of a process among phases."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any


class Stopwatch:
    """Every moment since it began belongs to one phase, so the phases sum to the whole.

    Args:
        began: a time of `time.perf_counter`; what passed since then belongs to `phase`.
    """

    def __init__(self, phase: str, *, began: float | None = None) -> None:
        self._phase = phase
        self._since = time.perf_counter() if began is None else began
        self._seconds: dict[str, float] = {}

    def enter(self, phase: str) -> str:
        """From now on time belongs to `phase`; gives the phase that ends."""
        now, ended = time.perf_counter(), self._phase
        self._seconds[ended] = self._seconds.get(ended, 0.0) + now - self._since
        self._phase, self._since = phase, now
        return ended

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Within, time belongs to `name`, and afterwards to the phase before again."""
        before = self.enter(name)
        try:
            yield
        finally:
            self.enter(before)

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function` with the time that its calls take put down to the phase `name`."""

        @wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            with self.phase(name):
                return function(*arguments, **named)

        return call

    def time_methods(self, name: str, owner: object, *methods: str) -> None:
        """Replaces methods of one object by their timed selves."""
        for method in methods:
            setattr(owner, method, self.timed(name, getattr(owner, method)))

    def timed_items(self, name: str, items: Iterator[Any]) -> Iterator[Any]:
        """The same items; waiting for each of them belongs to the phase `name`."""
        step = self.timed(name, lambda: next(items, _END))
        while (item := step()) is not _END:
            yield item

    def seconds(self) -> dict[str, float]:
        """The time of each phase so far."""
        self.enter(self._phase)
        return dict(self._seconds)


_END = object()
