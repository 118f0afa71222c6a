"""The memory there is, and the share of it that a process may still take."""

import os
import resource
from collections.abc import Iterator
from pathlib import Path

from fmtool.errors import OutOfMemory

LIMITS = (resource.RLIMIT_AS, resource.RLIMIT_DATA)
"""Limits that the system enforces on each process alone."""

_CGROUP_FILES = {
    "": ("memory.max", "memory.current", "inactive_file"),
    "memory": ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
}
"""By controller, as /proc/self/cgroup names it for versions 2 and 1 of the interface: limit,
usage, and the entry of memory.stat with the part of it that is given up when memory is short."""

MAX_FRACTION = 0.5
"""The share of free memory that a data set may take; the rest is for training."""

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def available(root: Path = Path("/")) -> int:
    """Bytes: the least of what the machine, the control groups and the limits leave.

    Args:
        root: holds proc/ and sys/.
    """
    machine = _kibibytes(root / "proc/meminfo", "MemAvailable:")
    return min([machine, *_of_cgroups(root), *_of_process_limits()])


def is_limited() -> bool:
    """True where the system refuses this process memory by `LIMITS`, whatever there is."""
    return any(_of_process_limits())


def of_process(pid: int) -> int:
    """Bytes resident now; 0 once the process has ended."""
    try:
        return _kibibytes(Path(f"/proc/{pid}/status"), "VmRSS:")
    except (OSError, LookupError):
        return 0


def peak() -> int:
    """The most bytes that have been resident in this process.

    `getrusage` would count what the process held that this one was forked from.
    """
    return _kibibytes(Path("/proc/self/status"), "VmHWM:")


def require_memory(needed: int, *, what: str, fix: str) -> None:
    """OutOfMemory if `needed` bytes are more than the machine has."""
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise OutOfMemory(
            f"{what}: {format_bytes(needed)} do not fit into the {format_bytes(there)} of memory",
            fix=fix,
        )


def format_bytes(count: int) -> str:
    """`count` bytes for people, such as `7.3 TiB`."""
    power = min(max(count.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{count / 1024**power:.1f} {_UNITS[power]}" if power else f"{count} B"


def _of_process_limits() -> list[int]:
    soft_limits = (resource.getrlimit(each)[0] for each in LIMITS)
    return [limit for limit in soft_limits if limit != resource.RLIM_INFINITY]


def _kibibytes(file: Path, field: str) -> int:
    for line in file.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise LookupError(field)


def _of_cgroups(root: Path) -> Iterator[int]:
    """The memory that each control group of this process leaves, up to the outermost in sight."""
    memberships = root / "proc/self/cgroup"
    if not memberships.exists():
        return
    for line in memberships.read_text(encoding="utf-8").splitlines():
        _, controllers, name = line.split(":", 2)
        for controller in set(controllers.split(",")) & _CGROUP_FILES.keys():
            mount = root / "sys/fs/cgroup" / controller
            # In a container the name may be one that only the host can see.
            for path in (Path(name), *Path(name).parents):
                yield from _left_in(mount / path.relative_to("/"), *_CGROUP_FILES[controller])


def _left_in(group: Path, limit_file: str, usage_file: str, reclaimable: str) -> Iterator[int]:
    try:
        limit = (group / limit_file).read_text(encoding="ascii").strip()
        if limit == "max":
            return
        usage = int((group / usage_file).read_text(encoding="ascii"))
        stat = dict(
            line.split() for line in (group / "memory.stat").read_text("ascii").splitlines()
        )
    except OSError:
        return
    yield max(0, int(limit) - usage + int(stat.get(reclaimable, 0)))
