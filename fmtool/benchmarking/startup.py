"""The time until a training can take its first step, and the memory that it needs until then."""

import os
import time
from pathlib import Path


def seconds_since_process_began() -> float:
    """By the kernel's clock, so that the start of Python itself is counted."""
    stat = Path("/proc/self/stat").read_text(encoding="utf-8")
    # The name of the program, in parentheses, may hold anything.
    ticks = int(stat.rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


class Phases:
    """The seconds between marks, by name."""

    def __init__(self) -> None:
        self.seconds = {"seconds_command": seconds_since_process_began()}
        self._since = time.perf_counter()

    def end(self, name: str) -> None:
        """Counts the time since the last mark as spent on `name`."""
        now = time.perf_counter()
        self.seconds[f"seconds_{name}"] = now - self._since
        self._since = now
