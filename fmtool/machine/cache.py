"""The folder for what can be made again: measurements and compiled programs."""

import os
import stat
from pathlib import Path


def root() -> Path:
    """`$FMTOOL_CACHE`, else `fmtool` in the user's cache."""
    if chosen := os.environ.get("FMTOOL_CACHE"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "fmtool"


def private_folder(name: str) -> Path:
    """A folder below `root()` that nobody else can write to; it is created.

    Raises OSError where there can be none.
    """
    folder = root() / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{folder} belongs to, or is open to, another user")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(f"{folder} is not writable")
    return folder
