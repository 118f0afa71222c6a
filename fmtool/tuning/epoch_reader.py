"""The epochs of a training that another process is at, read from its metrics.jsonl."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class EpochReader:
    """Reads the file again when it has changed; it may also have become shorter, after a resume."""

    def __init__(self) -> None:
        self._size = -1
        self._rows: list[Mapping[str, Any]] = []

    def rows(self, path: Path) -> list[Mapping[str, Any]]:
        """One for each epoch that is over."""
        try:
            size = path.stat().st_size
            if size != self._size:
                self._rows = _epochs(path.read_bytes())
                self._size = size
        except FileNotFoundError:
            return []
        return self._rows


def _epochs(content: bytes) -> list[Mapping[str, Any]]:
    *complete, _torn = content.split(b"\n")
    rows = [json.loads(line) for line in complete]
    return [row for row in rows if row["kind"] == "epoch"]
