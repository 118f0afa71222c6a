"""Writing stays within a run: nothing in it leads elsewhere, no file in it is another's too."""

import errno
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from fmtool.errors import Refused
from fmtool.runs.atomic import write_with

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_FIX = "remove it, or put a copy of what it leads to in its place"


def require_contained(
    root: Path, *, within: Path | None = None, may_be: Callable[[Path], bool] = lambda _: False
) -> None:
    """Refused, with the first by name, where a folder holds anything but files and folders.

    Nothing is opened. What does not exist is well, and so is a link to `root` from outside.

    Args:
        root: what will be written to: a run, or the folder of a sweep or study.
        within: the folder of all runs, which may be a link itself; the parent of `root` by default.
            A link between the two may not lead out of it.
        may_be: whether a symbolic link, whose path is given, is one of our own.
    """
    within = root.parent if within is None else within
    place = root
    while place not in (within, place.parent):
        if place.is_symlink() and not _is_below(place, within):
            raise Refused(
                f"{place} is a symbolic link out of {within}, where runs are written",
                fix="name the folder that it leads to",
            )
        place = place.parent
    found = [path for path in _strangers(root) if not (path.is_symlink() and may_be(path))]
    if found:
        raise _refusal(min(found), len(found) - 1)


def _is_below(link: Path, folder: Path) -> bool:
    return Path(os.path.realpath(link)).is_relative_to(os.path.realpath(folder))


def _strangers(folder: Path) -> Iterator[Path]:
    """Entries that are neither file nor folder, at any depth; links are not followed."""
    try:
        with os.scandir(folder) as entries:
            listed = list(entries)
    except (FileNotFoundError, NotADirectoryError):  # as another process removes what it wrote
        return
    for entry in listed:
        if entry.is_dir(follow_symlinks=False):
            yield from _strangers(Path(entry.path))
        elif not entry.is_file(follow_symlinks=False) and _is_there(entry):
            yield Path(entry.path)


def _is_there(entry: os.DirEntry[str]) -> bool:
    return os.path.lexists(entry.path)


def _refusal(path: Path, others: int) -> Refused:
    kind = _KINDS.get(stat.S_IFMT(path.lstat().st_mode), "not a regular file")
    more = f" (and there are {others} more such entries)" if others else ""
    return Refused(
        f"{path} is {kind}{more}; a run is written to only where all files are its own", fix=_FIX
    )


def open_own(path: Path, flags: int) -> int:
    """A descriptor of a file that is made if missing: never by a link, and never of a pipe.

    Raises Refused for these; OSError as `os.open`.

    Args:
        flags: those of `os.open` that say how it is used, such as `os.O_RDWR`.
    """
    # Non-blocking, so that a pipe cannot make us wait for its other end.
    safe = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
    try:
        descriptor = os.open(path, flags | safe, 0o666)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO):
            raise
        raise _refusal(path, 0) from error
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise _refusal(path, 0)


def open_to_append(path: Path) -> BinaryIO:
    """The file `path` at its end, made if missing; Refused and OSError as `open_own`.

    A file that has a second name, as in a copy by hard links, is parted from it first.
    """
    descriptor = open_own(path, os.O_WRONLY | os.O_APPEND)
    if os.fstat(descriptor).st_nlink > 1:
        os.close(descriptor)
        write_with(path, lambda draft: _copy(path, draft))
        descriptor = open_own(path, os.O_WRONLY | os.O_APPEND)
    return os.fdopen(descriptor, "ab")


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as old, target.open("xb") as new:
        shutil.copyfileobj(old, new)
