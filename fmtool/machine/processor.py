"""The processor as the kernel describes it: cores, and instructions for bfloat16."""

import hashlib
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from fmtool.errors import UsageError

THREADS_VARIABLE = "FMTOOL_THREADS"
"""Environment variable with what `runtime.threads=auto` stands for, where trainings share a CPU.

As a key it would tell one training from another, and how many run side by side must not.
"""

_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
"""x86's two, and Arm's."""
_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Processor:
    model: str
    flags: frozenset[str]

    @property
    def has_bfloat16(self) -> bool:
        """True for a processor that multiplies bfloat16 natively, and not by way of float32."""
        return not self.flags.isdisjoint(_BFLOAT16_FLAGS)

    @property
    def digest(self) -> str:
        """The same for processors that run the same machine code equally."""
        described = "\n".join([self.model, *sorted(self.flags)])
        return hashlib.sha256(described.encode()).hexdigest()[:16]


def processor(cpuinfo: Path = _CPUINFO) -> Processor:
    """The first processor of /proc/cpuinfo; without flags where there is no such file."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    lines = (line.partition(":") for line in text.partition("\n\n")[0].splitlines())
    entry = {key.strip(): value.strip() for key, _, value in lines}
    # Arm kernels call the flags "Features" and do not name the model.
    flags = entry.get("flags") or entry.get("Features") or ""
    return Processor(entry.get("model name") or platform.machine(), frozenset(flags.split()))


def automatic_threads() -> int:
    """The number for `runtime.threads=auto`: $FMTOOL_THREADS, else the physical cores."""
    chosen = os.environ.get(THREADS_VARIABLE)
    if not chosen:
        return physical_cores()
    if not chosen.isascii() or not chosen.isdigit() or int(chosen) == 0:
        raise UsageError(
            f"{THREADS_VARIABLE}={chosen} is no number of threads",
            fix="give 1 or more, or unset it",
        )
    return int(chosen)


def physical_cores() -> int:
    """Physical cores among those this process may run on; hyperthreads do not help convolutions."""
    allowed = os.sched_getaffinity(0)
    cores = set()
    for cpu in allowed:
        topology = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology")
        try:
            cores.add(
                ((topology / "physical_package_id").read_text(), (topology / "core_id").read_text())
            )
        except OSError:
            return len(allowed)
    return len(cores)
