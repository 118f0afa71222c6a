"""The parts of the machine that decide speed or the last bits of a result."""

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any

_INSTRUCTION_SETS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
_GPU_FIELDS = ("name", "memory.total", "driver_version")
_GPU_TIMEOUT_SECONDS = 5


def describe() -> dict[str, Any]:
    return {"cpu": _cpu(), "memory_bytes": _memory_bytes(), "gpus": _gpus()}


def _cpu(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, Any]:
    """`cores` are physical, `threads` logical, `usable` those this process may run on."""
    entries = _cpuinfo_entries(cpuinfo)
    first = entries[0] if entries else {}
    # Arm kernels call the flags "Features" and name neither model nor core.
    flags = (first.get("flags") or first.get("Features") or "").split()
    cores = {
        (entry.get("physical id"), entry["core id"]) for entry in entries if "core id" in entry
    }
    return {
        "model": first.get("model name") or platform.machine(),
        "cores": len(cores) or None,
        "threads": os.cpu_count(),
        "usable": len(os.sched_getaffinity(0)),
        "flags": [name for name in _INSTRUCTION_SETS if name in flags],
    }


def _cpuinfo_entries(path: Path) -> list[dict[str, str]]:
    """One mapping per logical processor."""
    if not path.is_file():
        return []
    blocks = path.read_text(encoding="utf-8", errors="replace").strip().split("\n\n")
    return [
        {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
        for lines in (block.splitlines() for block in blocks)
    ]


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _gpus() -> list[dict[str, str]]:
    """The GPUs that the NVIDIA driver reports; empty where there is none or it does not answer."""
    if shutil.which("nvidia-smi") is None:
        return []
    query = [f"--query-gpu={','.join(_GPU_FIELDS)}", "--format=csv,noheader"]
    try:
        answer = subprocess.run(
            ["nvidia-smi", *query],
            capture_output=True,
            text=True,
            timeout=_GPU_TIMEOUT_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [[cell.strip() for cell in line.split(",")] for line in answer.splitlines()]
    names = ("name", "memory", "driver")
    return [dict(zip(names, row, strict=True)) for row in rows if len(row) == len(names)]
