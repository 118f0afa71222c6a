"""Files that are either the old or the new one, whole, whatever happens while they are written."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fmtool.errors import CannotCreate, FmtoolError, WriteFailed, raise_if_used_up
from fmtool.runs.strict_json import encode

_ROOM = "free some space or put the output on another disk"
_DRAFT = ".fmtool-"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
_FULL_WORDS = (*map(os.strerror, (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)), "ENOSPC")
_HARDLY_ANY = 1 << 20
_UNCREATABLE = {
    errno.EACCES,
    errno.EPERM,
    errno.EROFS,
    errno.ENOTDIR,
    errno.ENOENT,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
}


def write_bytes(path: Path, data: bytes) -> None:
    write_with(path, lambda temporary: _fill(temporary, data), needed=len(data))


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode("utf-8"))


def write_json(path: Path, value: Any) -> None:
    """Strict JSON: NaN and infinities become null."""
    write_text(path, encode(value))


def _fill(path: Path, data: bytes) -> None:
    with path.open("xb") as file:  # never what lies there already, nor through a link
        file.write(data)


def write_with(path: Path, write: Callable[[Path], None], *, needed: int | None = None) -> None:
    """Replaces `path` by the file that `write` makes at the path it is given.

    That path has the suffix of `path`, because writers such as Keras choose the format by it.
    Raises CannotCreate or WriteFailed, and then `path` is as it was.

    Args:
        needed: the size of the file in bytes, if known, for the message on a full disk.
    """
    temporary = path.with_name(f"{_DRAFT}{secrets.token_hex(6)}{path.suffix}")
    with reporting(path, needed=needed):
        try:
            write(temporary)
            sync(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        sync(path.parent)


def remove_drafts(directory: Path) -> None:
    """Clears away what a kill left of files that were being replaced, also in folders below."""
    for draft in directory.rglob(f"{_DRAFT}*"):
        draft.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Waits until the content of a file, or the names in a directory, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync a directory; their renames are ordered anyway.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


@contextmanager
def reporting(path: Path, *, needed: int | None = None) -> Iterator[None]:
    """Turns an OSError about writing `path` into the error, and so the exit code, it means."""
    try:
        yield
    except OSError as error:
        raise_if_used_up(error)
        raise (_explained(error, path, needed) or error) from error


def _explained(error: OSError, path: Path, needed: int | None) -> FmtoolError | None:
    if error.errno in _FULL:
        need = "" if needed is None else f"{needed} bytes needed, "
        room = f"{need}{_free_bytes(path)} bytes free"
        return WriteFailed(
            f"cannot write {path}: {os.strerror(error.errno)} ({room})",
            fix=_ROOM,
        )
    if error.errno in _UNCREATABLE:
        return CannotCreate(
            f"cannot create {path}: {os.strerror(error.errno)}",
            fix="choose a directory that you may write to",
        )
    return None


def full_disk(error: BaseException, *places: Path) -> WriteFailed | None:
    """The WriteFailed that an error comes down to; None for any other error.

    Libraries wrap what the system says, or keep to its words, or say nothing of it: then it counts
    whether there is any room left.

    Args:
        places: files or folders on the disks that were written to.
    """
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        number = link.errno if isinstance(link, OSError) else None
        if isinstance(link, WriteFailed):
            return link
        if number in _FULL or any(words in str(link) for words in _FULL_WORDS):
            name = link.filename if isinstance(link, OSError) else None
            fullest = min(places, key=_free_bytes, default="a file")
            return _full(str(name or fullest), number or errno.ENOSPC)
        link = link.__cause__ or link.__context__
    for place in places:
        if _free_bytes(place) < _HARDLY_ANY:
            return _full(str(place), errno.ENOSPC)
    return None


def _full(what: str, number: int) -> WriteFailed:
    return WriteFailed(f"cannot write {what}: {os.strerror(number)}", fix=_ROOM)


def _free_bytes(path: Path) -> int:
    """Free on the disk that holds `path`, which need not exist yet."""
    existing = next(place for place in (path, *path.absolute().parents) if place.exists())
    return shutil.disk_usage(existing).free
