"""Runs a command from its start to its end, or to a line that it prints, and says what it took."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.data.fetching import cache

_PLAIN_SCRIPT = Path(__file__).parent / "plain_script.py"
_SHOWN_LINES = 20
_ARRAYS = ("x_train", "y_train", "x_test", "y_test")


def fmtool(*words: str) -> list[str]:
    return [sys.executable, "-m", "fmtool.cli", *words]


def plain(*options: str) -> list[str]:
    """`plain_script.py` on CIFAR-10 as fmtool has it in its cache."""
    arrays = cache.folder_of("cifar10") / "arrays"
    files = [str(arrays / f"{name}.npy") for name in _ARRAYS]
    return [sys.executable, str(_PLAIN_SCRIPT), *files, *options]


@dataclass(frozen=True)
class Finished:
    """Args:
    seconds: from the start of the process to its end or to the line that was waited for.
    cpu_seconds: of all its threads in that time.
    peak_bytes: the most that it has had in main memory.
    lines: what it printed, each with the seconds after which it came.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    lines: list[tuple[float, str]]


def finish(
    command: Sequence[str],
    folder: Path,
    *,
    until: str | None = None,
    may_fail: bool = False,
    **environment: str,
) -> Finished:
    """Runs `command` in `folder`; kills it after the first line that begins with `until`.

    Ends the benchmark where the command fails, unless it may, and where that line never comes.
    What is measured of memory begins at the size of this process, which has to stay small.
    """
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines, is_reached = [], False
    for line in process.stdout:
        lines.append((time.perf_counter() - began, line.rstrip()))
        if until is not None and line.startswith(until):
            is_reached = True
            process.kill()
            break
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - began
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    is_as_expected = is_reached if until is not None else may_fail or not process.returncode
    if not is_as_expected:
        sys.exit("\n".join([*(line for _, line in lines[-_SHOWN_LINES:]), f"failed: {command}"]))
    return Finished(
        seconds=lines[-1][0] if is_reached else seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * 1024,
        lines=lines,
    )


def result(folder: Path) -> dict[str, Any]:
    """result.json of the only run that was begun in `folder`."""
    (path,) = folder.glob("runs/2*/result.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found
