"""The backends of Keras, each tried in a process of its own: a broken one is a line, no crash."""

import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fmtool.machine import installed
from fmtool.machine.devices import shows_gpu

NAMES = ("tensorflow", "jax", "torch")
_SECONDS = 180


@dataclass(frozen=True)
class BackendState:
    """One backend.

    Args:
        version: None where it is not installed, or does not say.
        error: why it cannot be used; empty where it can, and where it is not installed.
        facts: of `probe`; empty where it was not tried.
    """

    name: str
    is_installed: bool
    version: str | None = None
    error: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> str:
        if not self.is_installed:
            return "not installed"
        return "broken" if self.error else "works" if self.facts else "not tried"

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "state": self.state,
            "version": self.version,
            "error": self.error or None,
            "device": self.facts.get("device"),
            "gpus": self.facts.get("gpus", []),
            "bfloat16": self.facts.get("bfloat16"),
            "threads": self.facts.get("threads"),
            "seconds": self.facts.get("seconds"),
        }

    def detail(self) -> str:
        """A line for people."""
        if not self.facts:
            return self.error or self.version or ""
        where = ", ".join(self.facts["gpus"]) or f"cpu, {self.facts['threads']} threads"
        precision = "bfloat16" if self.facts["bfloat16"] else "float32 only"
        unused = shows_gpu() and not self.facts["gpus"]
        missing = "; there is a GPU that it does not find" if unused else ""
        return (
            f"{self.version}, {where}, {precision}, imported in {self.facts['seconds']} s{missing}"
        )


def states(tried: Sequence[str]) -> list[BackendState]:
    """Every backend; of those installed, the ones to be tried are."""
    there = installed.installed()
    return [_state(name, is_tried=name in tried) for name in NAMES if name in there] + [
        BackendState(name, is_installed=False) for name in NAMES if name not in there
    ]


def _state(name: str, *, is_tried: bool) -> BackendState:
    known = _version(name)
    if not is_tried:
        return BackendState(name, is_installed=True, version=known)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "facts.json"
        command = [sys.executable, "-P", "-m", "fmtool.diagnosis.probe", name, str(file)]
        try:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            error = f"its import took more than {_SECONDS} s"
            return BackendState(name, is_installed=True, version=known, error=error)
        facts = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    error = "" if done.returncode == 0 and facts else _reason(done)
    told = known or facts.get("version")
    return BackendState(name, True, told, error, {} if error else facts)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:  # TensorFlow also comes as tensorflow-cpu and others
        return None


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    """The last words of a process that failed."""
    if done.returncode < 0:
        return f"its import ends the process by {signal.Signals(-done.returncode).name}"
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    last = lines[-1] if lines else f"exit code {done.returncode}"
    return re.sub(r"^(\w+\.)*(\w+Error): ", r"\2: ", last)
