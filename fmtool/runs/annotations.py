"""annotations.json: what a person has said of a run since it was made, and what was taken from it.

The run's own config keeps what it began with, so that its digest stays true.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fmtool.errors import DataError
from fmtool.runs.atomic import write_json
from fmtool.runs.layout import RunPaths
from fmtool.runs.strict_json import read_object


@dataclass(frozen=True)
class Annotations:
    """The content of the file.

    Args:
        tags: in the place of those of the config; None: these.
        pruned: when checkpoints were removed, in UTC by ISO 8601; empty where none were.
    """

    tags: tuple[str, ...] | None = None
    note: str = ""
    pruned: str = ""


def read(path: Path) -> Annotations:
    """The content of the file, or nothing where there is none; DataError where it is damaged."""
    return _of(read_object(path), path) if path.exists() else Annotations()


def _of(values: Mapping[str, Any], path: Path) -> Annotations:
    tags, note, pruned = values.get("tags"), values.get("note", ""), values.get("pruned", "")
    are_tags = tags is None or (isinstance(tags, list) and all(isinstance(t, str) for t in tags))
    if not are_tags or not isinstance(note, str) or not isinstance(pruned, str):
        raise DataError(f"cannot read {path}: not the annotations of a run", fix="remove it")
    return Annotations(None if tags is None else tuple(tags), note, pruned)


def write(paths: RunPaths, annotations: Annotations) -> None:
    """Replaces the file; the caller holds the lock of the run."""
    write_json(paths.annotations, asdict(annotations))
