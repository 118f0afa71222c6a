"""Collects what is unusual about the files of a data set, but no error: one line for each kind."""

from dataclasses import dataclass, field

from fmtool.notices import warn


@dataclass
class Oddities:
    """Counts each kind and keeps its first example."""

    _counts: dict[str, int] = field(default_factory=dict)
    _examples: dict[str, str] = field(default_factory=dict)

    def add(self, kind: str, example: str) -> None:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        self._examples.setdefault(kind, example)

    def report(self) -> None:
        for kind, count in self._counts.items():
            warn(f"{kind}: {count}, such as {self._examples[kind]}")
