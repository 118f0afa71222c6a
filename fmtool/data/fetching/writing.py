"""Turns a failed write below the cache into an error that says what could not be written."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fmtool.errors import CannotCreate, WriteFailed

_FIX = "free some space, or set FMTOOL_DATA to a folder on another disk"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raises WriteFailed for an OSError within."""
    try:
        yield
    except OSError as error:
        raise WriteFailed(f"cannot write {path}: {error.strerror or error}", fix=_FIX) from error


def make_folder(path: Path) -> None:
    """Raises CannotCreate if `path` does not exist afterwards."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotCreate(
            f"cannot create {path}: {error.strerror or error}",
            fix="set FMTOOL_DATA to a folder you may write to",
        ) from error
