"""Files that are kept for later and can be made again: arrays of sets, compiled programs."""

import fcntl
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fmtool.data.fetching import cache as data_cache
from fmtool.data.fetching import catalog
from fmtool.diagnosis.places import folder_bytes
from fmtool.errors import Busy, FmtoolError, Refused
from fmtool.machine import cache
from fmtool.runs.atomic import reporting
from fmtool.runs.containment import require_contained

_OF_SET = ("arrays", ".arrays.tmp", ".download", ".package.tmp")
"""Below the folder of a set; all else in it was placed there by a person."""
_COMPILED, _MEASURED = "compiled", "machine"


@dataclass(frozen=True)
class Cached:
    """Something that is kept.

    Args:
        parts: the folders that are removed with it.
        hindrance: why it was left as it is.
    """

    name: str
    purpose: str
    path: Path
    parts: tuple[Path, ...]
    size: int
    hindrance: FmtoolError | None = None
    is_removed: bool = False

    @property
    def state(self) -> str:
        if self.hindrance is not None:
            return f"left: {self.hindrance.message}"
        return "removed" if self.is_removed else "kept"

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "purpose": self.purpose,
            "path": str(self.path),
            "bytes": self.size,
            "removed": self.is_removed,
            "left": None if self.hindrance is None else self.hindrance.message,
        }


def kept() -> list[Cached]:
    """The data sets first; only those that fmtool knows, since the folder may hold other things."""
    sets = [
        _cached(name, "data set", folder, tuple(folder / part for part in _OF_SET))
        for name in catalog.names()
        for folder in [data_cache.folder_of(name)]
    ]
    root = cache.root()
    compiled = tuple(sorted(root.glob("jax-*")))
    others = [
        _cached(_COMPILED, "compiled programs", root, compiled),
        _cached(_MEASURED, "measurements of this machine", root, (root / _MEASURED,)),
    ]
    return [each for each in (*sets, *others) if each.parts]


def _cached(name: str, purpose: str, path: Path, parts: tuple[Path, ...]) -> Cached:
    there = tuple(part for part in parts if os.path.lexists(part))
    return Cached(name, purpose, path, there, sum(map(folder_bytes, there)))


def remove(cached: Cached) -> Cached:
    """Removes it, unless a link is in the way or another process fills it now."""
    try:
        for part in cached.parts:
            if part.is_symlink() or cached.path.is_symlink():
                raise Refused(f"{part} is a symbolic link", fix="remove it by hand")
            require_contained(part)
        with reporting(cached.path):
            _remove(cached)
    except (Busy, Refused) as error:
        return replace(cached, hindrance=error)
    return replace(cached, is_removed=True)


def _remove(cached: Cached) -> None:
    lock = cached.path / ".lock"
    descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC) if lock.exists() else -1
    try:
        if descriptor >= 0:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for part in cached.parts:
            shutil.rmtree(part)
    except BlockingIOError as error:
        raise Busy(f"{cached.name} is being filled", fix="wait until that has ended") from error
    finally:
        if descriptor >= 0:
            os.close(descriptor)
