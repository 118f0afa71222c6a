"""Collects what is unusual about the files of a data set, but no error: one line for each kind."""

import threading
from dataclasses import dataclass, field

from fmtool.notices import warn


@dataclass
class Oddities:
    """Counts each kind and keeps one example, whatever the threads that meet them do first."""

    _counts: dict[str, int] = field(default_factory=dict)
    _examples: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, example: str) -> None:
        with self._lock:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self._examples[kind] = min(example, self._examples.get(kind, example))

    def lines(self) -> list[str]:
        return [
            f"{kind}: {count}, such as {self._examples[kind]}"
            for kind, count in sorted(self._counts.items())
        ]

    def report(self) -> None:
        for line in self.lines():
            warn(line)
