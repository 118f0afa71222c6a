"""A storage that is broken, or may not be written to, and no waiting mends: what can be saved.

SQLite and a journal are files, which are cut, overwritten and half copied. What says so must not be
taken for a storage that is away for a while, which `patience` waits for.
"""

import json
import shlex
import sqlite3
import traceback
from collections.abc import Iterator
from pathlib import Path

from fmtool.errors import CannotCreate, DataError, FmtoolError, WriteFailed
from fmtool.runs.layout import StudyPaths

SQLITE, JOURNAL = "sqlite:///", "journal://"
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)
_NOT_WRITABLE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)
_PRIMARY = 0xFF
"""The bits of an extended result code that are the plain one."""
_NO_SUCH_RECORD = "Record does not exist."
"""The message of Optuna for a study that is not there, also where it replays a journal."""
_REPLAY = "apply_logs"
"""The function of Optuna that takes the lines of a journal, one after the other."""
_UNDECODED = "Could not decode to UTF-8"


def path_of(url: str) -> Path | None:
    """The file behind an address; None of a server."""
    if not url.startswith((SQLITE, JOURNAL)):
        return None
    return Path(url.removeprefix(SQLITE).removeprefix(JOURNAL))


def lasting(url: str, error: BaseException) -> FmtoolError | None:
    """The lasting fault of a storage's file; None where an error may pass, or has another cause.

    Args:
        error: what an operation of the storage has raised.
    """
    path = path_of(url)
    if path is None:
        return None
    for each in _causes(error):
        if isinstance(each, PermissionError) or _code(each) in _NOT_WRITABLE:
            return _not_writable(Path(getattr(each, "filename", None) or path), each)
        if _code(each) in _DAMAGED or _is_undecoded(each):
            return damaged(path, str(each), is_journal=url.startswith(JOURNAL))
        if _is_of_replay(each):
            return damaged(path, f"a change in it is none: {each!r}", is_journal=True)
    return None


def require_whole(url: str) -> None:
    """DataError for a file of a study from which everything is gone; its trials were in it.

    SQLite takes an empty file for a new database, and an empty journal is one.
    """
    path = path_of(url)
    if path is not None and path.is_file() and path.stat().st_size == 0:
        raise damaged(path, "it is empty", is_journal=url.startswith(JOURNAL))


def damaged(path: Path, reason: str, *, is_journal: bool) -> DataError:
    """Exit code 65, with what can be saved of it."""
    line = _broken_line(path) if is_journal else None
    where = "" if line is None else f", line {line}"
    return DataError(
        f"the storage of the study is damaged: {path}{where}: {reason.splitlines()[0][:200]}",
        fix=_rescue(path, line),
    )


def _rescue(path: Path, line: int | None) -> str:
    source = shlex.quote(str(path))
    ways = [f"put a backup in the place of {source}"]
    if line is not None and line > 1:
        saved = path.with_name(f"saved-{path.name}")
        command = f"head -n {line - 1} {source} > {shlex.quote(str(saved))}"
        address = shlex.quote(f"storage={JOURNAL}{saved.absolute()}")
        ways.append(f"save what was before it: {command}, and go on with {address}")
    ways.append("move it away and begin the study anew")
    table = StudyPaths(path.parent).trials_table
    listed = f", and {table} lists its trials as of the last line that ended"
    kept = f"the runs of its trials are untouched: see fmtool runs{listed * table.is_file()}"
    return f"{', or '.join(ways)}; {kept}"


def _broken_line(path: Path) -> int | None:
    """The first line, from 1, that is not JSON; None where all are, or the file cannot be read."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    json.loads(line)
                except ValueError:
                    return number
    except OSError:
        pass
    return None


def _not_writable(path: Path, error: BaseException) -> FmtoolError:
    reason = getattr(error, "strerror", None) or str(error)
    if path.exists():
        return WriteFailed(
            f"the storage of the study cannot be written: {path}: {reason}",
            fix=f"make {path} and its folder writable; nothing is lost",
        )
    return CannotCreate(
        f"the storage of the study cannot be made: {path}: {reason}",
        fix=f"make {path.parent} writable, or name another storage=",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what is behind it: SQLAlchemy and Optuna wrap what the driver says."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        origin = getattr(error, "orig", None)
        error = origin if isinstance(origin, BaseException) else error.__cause__  # type: ignore[assignment]


def _code(error: BaseException) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY


def _is_undecoded(error: BaseException) -> bool:
    """True where a file holds something else than text, JSON and values that a study has.

    A KeyError is excepted: Optuna raises it for a study that it does not find.
    """
    if isinstance(error, UnicodeDecodeError | json.JSONDecodeError):
        return True
    if type(error) is LookupError:  # of SQLAlchemy, for a state of a trial that there is not
        return True
    return isinstance(error, sqlite3.OperationalError) and _UNDECODED in str(error)


def _is_of_replay(error: BaseException) -> bool:
    """True where a line of a journal, though it is JSON, is not a change that Optuna knows."""
    kinds = (KeyError, IndexError, TypeError, ValueError, AttributeError, AssertionError)
    if not isinstance(error, kinds):
        return False
    if error.args == (_NO_SUCH_RECORD,):
        return False
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code.co_name == _REPLAY for frame, _ in frames)
