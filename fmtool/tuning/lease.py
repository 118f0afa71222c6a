"""Leases: they tell whether the worker of a trial is alive, without trusting anybody's clock.

A worker counts up a number in its trials. On the same machine it is asked of the kernel whether
that process is there; of another machine's, whether the number has changed for so long by the
clock of who watches.
"""

import os
import platform
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_USUAL_SECONDS = 3.0
"""Between two looks of a worker whose storage answers, however short its leases are."""


@dataclass(frozen=True)
class Holder:
    """A worker process.

    Args:
        host: for people.
        machine: one boot of one kernel, and the process numbers that are seen there.
        began: of the process, in ticks since boot: its number may be used again.
    """

    host: str
    machine: str
    pid: int
    began: int

    def to_json(self, beat: int) -> dict[str, Any]:
        return {**vars(self), "beat": beat}


def ourselves() -> Holder:
    return _holder(os.getpid())


@cache
def _holder(pid: int) -> Holder:
    return Holder(platform.node(), _machine(), pid, _began(pid) or 0)


def is_gone(lease: dict[str, Any]) -> bool:
    """True where the holder was a process of this machine and is no more."""
    if lease.get("machine") != _machine() or not _machine():
        return False
    return _began(int(lease["pid"])) != int(lease["began"])


class Watch:
    """Remembers when the leases of others last changed.

    Args:
        seconds: without a change after which a lease is over.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._seen: dict[int, tuple[Any, float]] = {}
        self._looked = time.monotonic()

    def look(self) -> None:
        """To be called before `is_over`, each time that all leases are read.

        Where nobody could look for a while, nobody can have been seen: counting begins anew.
        """
        now = time.monotonic()
        if now - self._looked > max(self.seconds / 2, _USUAL_SECONDS):
            self._seen.clear()
        self._looked = now

    def is_over(self, trial: int, lease: dict[str, Any] | None) -> bool:
        if lease is not None and is_gone(lease):
            return True
        known = self._seen.get(trial)
        if known is None or known[0] != lease:
            self._seen[trial] = (lease, time.monotonic())
            return False
        return time.monotonic() - known[1] > self.seconds


@cache
def _machine() -> str:
    """Empty where there is no /proc, and nobody can be asked."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _began(pid: int) -> int | None:
    """The start of a process, in ticks since boot; None where there is none, or a dead one."""
    try:
        # The name, which may hold anything, ends with the last bracket.
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])
