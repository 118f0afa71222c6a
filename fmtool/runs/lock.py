"""One writer per run directory: an advisory lock that the kernel frees when its holder dies."""

import fcntl
import json
import os
import platform
import time
from pathlib import Path

from fmtool.errors import Busy
from fmtool.runs.atomic import reporting

_PATIENCE_SECONDS = 0.3
_PAUSE_SECONDS = 0.02


class RunLock:
    """Held from construction until `release` or the end of the process.

    Raises Busy, naming the process and host that hold it.
    """

    def __init__(self, path: Path) -> None:
        self._is_released = False
        with reporting(path):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                self._acquire(path)
                self._note_holder()
            except BaseException:
                os.close(self._descriptor)
                raise

    def _acquire(self, path: Path) -> None:
        # `is_locked` holds a shared lock for an instant: only who fails for longer is second.
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() >= deadline:
                    raise Busy(
                        f"{path.parent} is being written by {_holder(path)}",
                        fix="wait until it has ended, or end it",
                    ) from error
                time.sleep(_PAUSE_SECONDS)
            else:
                return

    def _note_holder(self) -> None:
        holder = json.dumps({"pid": os.getpid(), "host": platform.node()})
        os.truncate(self._descriptor, 0)
        os.pwrite(self._descriptor, holder.encode(), 0)

    def release(self) -> None:
        """Frees the lock; harmless when repeated."""
        if self._is_released:
            return
        self._is_released = True
        # A run directory that is passed on should not tell which machine it was made on.
        os.truncate(self._descriptor, 0)
        # Explicitly, because a forked worker that outlives us shares the descriptor.
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_bytes())
        return f"process {holder['pid']} on host {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock file `path`; leaves the lock as it is."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
