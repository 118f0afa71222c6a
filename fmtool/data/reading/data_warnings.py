"""Collects what is unusual about the files of a data set, but no error: one line for each kind."""

import threading
from dataclasses import dataclass, field

from fmtool.notices import note, warn


@dataclass
class DataWarnings:
    """Counts each kind and keeps one example, whatever the threads that meet them do first."""

    _counts: dict[str, int] = field(default_factory=dict)
    _examples: dict[str, str] = field(default_factory=dict)
    _usual: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, example: str, *, is_usual: bool = False) -> None:
        """Counts one more; `is_usual` makes its line a notice and not a warning."""
        with self._lock:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._examples[kind] = min(example, self._examples.get(kind, example))
            if is_usual:
                self._usual.add(kind)

    def lines(self) -> list[str]:
        return [self._line(kind) for kind in sorted(self._counts)]

    def report(self) -> None:
        for kind in sorted(self._counts):
            (note if kind in self._usual else warn)(self._line(kind))

    def _line(self, kind: str) -> str:
        return f"{kind}: {self._counts[kind]}, such as {self._examples[kind]}"
