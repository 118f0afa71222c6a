"""The progress of a training, by the end of its metrics.jsonl."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TAIL_BYTES = 8192


def last_epoch(metrics: Path) -> Mapping[str, Any] | None:
    """The last epoch in a metrics.jsonl that is being written; None before there is one."""
    try:
        with metrics.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - _TAIL_BYTES))
            lines = file.read().split(b"\n")[:-1]
    except OSError:
        return None
    for line in reversed(lines):
        try:
            row: dict[str, Any] = json.loads(line)
        except ValueError:  # the tail began within it
            continue
        if row["kind"] == "epoch":
            return row
    return None
