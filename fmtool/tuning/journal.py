"""A journal on a shared disk: one line for each change, written by whoever holds its lock."""

import errno
import fcntl
import json
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from fmtool.compat.private_optuna import JournalFileLock
from fmtool.tuning import lease

_GRACE_SECONDS = 30.0
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.001, 0.1


def journal(path: Path) -> JournalStorage:
    if not path.exists():
        path.touch()
    return JournalStorage(JournalFileBackend(str(path), lock_obj=JournalLock(path)))


class JournalLock(JournalFileLock):
    """A symbolic link beside the journal, which holds on every file system, and says whose it is.

    Optuna's own has everybody wait for 30 s where its holder has died. Here that is so only where
    the holder was on another machine; and nobody releases a lock that has become another's.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._link = path, Path(f"{path}.lock")
        self._mine = ""

    def acquire(self) -> bool:
        """Waits for it; raises OSError where the journal is away."""
        pause, seen, since = _FIRST_PAUSE_SECONDS, "", time.monotonic()
        mine = json.dumps(lease.ourselves().to_json(0) | {"lock": uuid.uuid4().hex})
        while True:
            try:
                self._link.symlink_to(mine)
            except FileExistsError:
                there = self._holder()
                if there != seen:
                    seen, since = there, time.monotonic()
                if _is_dead(there) or time.monotonic() - since > _GRACE_SECONDS:
                    self._break(there)
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
                continue
            self._mine = mine
            try:
                _heal(self._path)
            except BaseException:
                self.release()
                raise
            return True

    def release(self) -> None:
        if self._holder() == self._mine:
            with suppress(FileNotFoundError):
                self._link.unlink()

    def _holder(self) -> str:
        """Empty where nobody holds it, or something that is no lock."""
        try:
            return os.readlink(self._link)  # noqa: PTH115 - a Path would tidy the text up
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.EINVAL):
                return ""
            raise

    def _break(self, there: str) -> None:
        """Removes the lock of a holder that is gone; of several at it only one does."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            with suppress(OSError):  # a network file system without locks
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            if self._holder() == there:
                self._link.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def _is_dead(there: str) -> bool:
    try:
        holder: Any = json.loads(there)
        return lease.is_gone(holder)
    except (ValueError, KeyError, AttributeError):
        return False


def _heal(path: Path) -> None:
    """Cuts off a line that its writer, or a full disk, left without an end.

    It was never confirmed to anybody; whatever was written behind it could not be read.
    """
    with path.open("rb+") as file:  # FileNotFoundError, where Optuna would begin another journal
        if file.seek(0, os.SEEK_END) == 0:
            return
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
