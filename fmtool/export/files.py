"""Folders of exported files: put in place whole, and described by size and digest."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

from fmtool.runs.atomic import reporting, sync

_BLOCK = 1 << 20


def put_in_place(draft: Path, folder: Path) -> None:
    """Makes `draft`, a folder, the one called `folder`, in the place of an older one."""
    with reporting(folder):
        for path in draft.rglob("*"):
            sync(path)
        remove(folder)
        draft.rename(folder)
        sync(folder.parent)


def remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def describe(folder: Path) -> dict[str, Any]:
    """Bytes in all, and the hex SHA-256 of each file by its path within the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "size_bytes": sum(path.stat().st_size for path in files),
        "sha256": {str(path.relative_to(folder)): digest(path) for path in files},
    }


def digest(path: Path) -> str:
    """Hex SHA-256."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
