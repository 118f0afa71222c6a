"""The folders that fmtool writes to: their size, and the room there is."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Place:
    """A folder, which need not exist yet.

    Args:
        size: bytes of all files in it; links are not followed.
        free: bytes on its disk, or on that of the folder in which it would be made.
        error: why nothing can be written there; empty where it can.
    """

    purpose: str
    path: Path
    size: int
    free: int
    error: str

    def to_json(self) -> dict[str, Any]:
        return {
            "purpose": self.purpose,
            "path": str(self.path),
            "bytes": self.size,
            "free_bytes": self.free,
            "error": self.error or None,
        }


def look_at(purpose: str, path: Path) -> Place:
    """The state of a folder; nothing is written or created."""
    there = next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
    error = ""
    if not there.is_dir():
        error = f"{there} is no folder"
    elif not os.access(there, os.W_OK | os.X_OK):
        error = f"{there} is not writable"
    return Place(purpose, path, folder_bytes(path), shutil.disk_usage(there).free, error)


def folder_bytes(folder: Path) -> int:
    """The bytes of the files below a folder; what cannot be looked at counts as none."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).lstat().st_size
            except OSError:
                continue
    return total
