"""Opens files from elsewhere to be read: what only looks like one is an error, never a wait."""

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from fmtool.errors import raise_if_used_up


def open_file(path: Path) -> BinaryIO:
    """A regular file, or a link to one, to be read.

    Raises:
        OSError: it is missing or unreadable, or a folder, pipe, socket or device.
        OutOfDescriptors: more files are open than the system allows.
    """
    try:
        # Before it is opened: to open a device can act on it.
        _require_regular(path.stat())
        # Without waiting for the other end of a pipe that has taken its place since.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise_if_used_up(error)
        raise
    try:
        _require_regular(os.fstat(descriptor))
    except OSError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def read_text(path: Path, *, most: int | None = None) -> str:
    """The text in UTF-8 of a regular file, or its first `most` bytes; errors as `open_file`.

    Raises UnicodeDecodeError too.
    """
    with open_file(path) as file:
        return file.read(-1 if most is None else most).decode("utf-8")


def _require_regular(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a regular file")
