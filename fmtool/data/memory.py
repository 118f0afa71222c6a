"""Says that data are too large before they are read, not when the system ends the process."""

import os

from fmtool.errors import OutOfMemory

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def require_memory(needed: int, *, what: str, fix: str) -> None:
    """OutOfMemory if `needed` bytes are more than the machine has."""
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise OutOfMemory(
            f"{what}: {in_units(needed)} do not fit into the {in_units(there)} of memory", fix=fix
        )


def in_units(count: int) -> str:
    """`count` bytes for people, such as `7.3 TiB`."""
    power = min(max(count.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{count / 1024**power:.1f} {_UNITS[power]}" if power else f"{count} B"
