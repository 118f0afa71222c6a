"""Opens a file of a user's data set; what only looks like a file is an error, not a hang."""

import errno
import stat
from pathlib import Path
from typing import BinaryIO

from fmtool.errors import DataError, raise_if_used_up
from fmtool.safety import regular_file

_REASONS = {
    errno.EACCES: ("permission denied", "make it readable"),
    errno.ELOOP: ("symlink loop", "remove the link"),
    errno.ENOENT: ("no such file", "correct the path, or remove the link that names it"),
}


def open_regular(path: Path) -> BinaryIO:
    """DataError for what is empty, unreadable, or a folder, FIFO, device or socket."""
    try:
        found = path.stat()
        # Before it is opened: to open a FIFO waits for a writer, to open a device can act on it.
        if not stat.S_ISREG(found.st_mode):
            raise DataError(f"{path}: not a regular file", fix="remove it")
        if not found.st_size:
            raise DataError(f"{path}: empty file", fix="restore or remove it")
        return regular_file.open_file(path)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> DataError:
    """The error for a file or folder that the system refuses to open or list."""
    raise_if_used_up(error)
    other = (error.strerror or str(error), "correct the path")
    reason, fix = _REASONS.get(error.errno or 0, other)
    return DataError(f"{path}: {reason}", fix=fix)
