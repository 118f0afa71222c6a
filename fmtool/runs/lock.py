"""Advisory locks that the kernel frees when their holder dies: of a run directory, of a digest."""

import errno
import fcntl
import json
import os
import platform
import time
from contextlib import suppress
from pathlib import Path

from fmtool.errors import Busy, Refused
from fmtool.runs.atomic import reporting
from fmtool.runs.containment import open_own

_PATIENCE_SECONDS = 0.3
_PAUSE_SECONDS = 0.02
_ATTEMPTS = 100
_DIGITS = 16


class RunLock:
    """One writer per run directory: held from construction until `release` or the process ends.

    Raises Busy, naming the process and host that hold it.
    """

    def __init__(self, path: Path) -> None:
        self._is_released = False
        with reporting(path):
            self._descriptor = _acquire(path, f"{path.parent} is being written")

    def release(self) -> None:
        """Frees the lock; harmless when repeated."""
        if not self._is_released:
            self._is_released = True
            _free(self._descriptor)


class DigestLock:
    """One process per training, or sweep, and runs directory: held until `release` or its end.

    Raises Busy, naming the process and host that hold it. A release leaves no trace: directories
    that had to be made for it go again, unless there is a run in them by then.
    """

    def __init__(self, runs_dir: Path, digest: str, *, what: str = "training") -> None:
        folder = runs_dir / ".locks"
        self._path = folder / f"{digest[:_DIGITS]}.lock"
        self._busy = f"the same {what} is being done in {runs_dir}"
        self._is_released = False
        made = [place for place in (runs_dir, *runs_dir.parents) if not place.exists()]
        self._removable = (folder, *made)
        try:
            with reporting(self._path):
                self._descriptor = self._acquire()
        except BaseException:
            self._remove_directories()
            raise

    def _acquire(self) -> int:
        # The holder before may remove the file and its directory at any moment of ours.
        for _ in range(_ATTEMPTS):
            with suppress(FileNotFoundError, FileExistsError):
                return self._acquire_once()
        return self._acquire_once()

    def _acquire_once(self) -> int:
        """FileNotFoundError, or from `mkdir` its opposite, if something has just been removed."""
        if self._path.parent.is_symlink():
            raise Refused(f"{self._path.parent} is a symbolic link", fix="remove it")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = _acquire(self._path, self._busy)
        try:
            if os.path.samestat(os.fstat(descriptor), self._path.stat()):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._path))

    def release(self) -> None:
        """Frees the lock; harmless when repeated."""
        if self._is_released:
            return
        self._is_released = True
        # While it is held: what lies there is ours, and who waits for it will notice.
        self._path.unlink(missing_ok=True)
        _free(self._descriptor)
        self._remove_directories()

    def _remove_directories(self) -> None:
        with suppress(OSError):
            for place in self._removable:
                place.rmdir()


def _acquire(path: Path, busy: str) -> int:
    """The descriptor of the lock file `path`, which is made if missing and says who holds it."""
    descriptor = open_own(path, os.O_RDWR)
    try:
        _wait_for(descriptor, path, busy)
        if _is_ours_alone(descriptor):
            holder = json.dumps({"pid": os.getpid(), "host": platform.node()})
            os.truncate(descriptor, 0)
            os.pwrite(descriptor, holder.encode(), 0)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _is_ours_alone(descriptor: int) -> bool:
    """True where the file has one name: what another name shows is not ours to change."""
    return os.fstat(descriptor).st_nlink < 2


def _wait_for(descriptor: int, path: Path, busy: str) -> None:
    # `is_locked` holds a shared lock for an instant: only who fails for longer is second.
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline:
                raise Busy(
                    f"{busy} by {_holder(path)}", fix="wait until it has ended, or end it"
                ) from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _free(descriptor: int) -> None:
    # A run directory that is passed on should not tell which machine it was made on.
    if _is_ours_alone(descriptor):
        os.truncate(descriptor, 0)
    # Explicitly, because a forked worker that outlives us shares the descriptor.
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_bytes())
        return f"process {holder['pid']} on host {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def is_locked(path: Path) -> bool:
    """True where a living process holds the lock file `path`; leaves the lock as it is."""
    try:
        # Non-blocking, so that a pipe of that name cannot make us wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
