"""A training in a process of its own, from its start to its outcome."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.jobs.parent import STOP
from fmtool.runs.atomic import reporting
from fmtool.runs.containment import open_to_append
from fmtool.runs.layout import JOB_VARIABLE, JobPaths

_LOST = "it left no result"
_LOG_END_BYTES = 4096


@dataclass(frozen=True)
class TrainingCommand:
    """The part of the command that all trainings of a sweep or a study share."""

    config_name: str = "train"
    folders: tuple[Path, ...] = ()
    plugins: tuple[str, ...] = ()

    def plugin_flags(self) -> list[str]:
        return [word for plugin in self.plugins for word in ("--plugin", plugin)]

    def argv(self, overrides: Sequence[str], *, seconds: float | None = None) -> list[str]:
        """The command; `seconds` limits its time."""
        folders = [word for folder in self.folders for word in ("-cd", str(folder))]
        limit = [] if seconds is None else ["--timeout", f"{seconds:.3f}"]
        # -P: a file in the working directory must not stand in for a module of ours.
        python = [sys.executable, "-P", "-m", "fmtool.cli", "train", "-cn", self.config_name]
        return [*python, *folders, "--json", *self.plugin_flags(), *limit, *overrides]


class TrainingProcess:
    """`fmtool train`, begun; its folder tells what it said and where it runs.

    Args:
        command: see `TrainingCommand.argv`.
        environment: variables besides ours.

    Raises CannotCreate or WriteFailed for a folder that cannot be made.
    """

    def __init__(
        self, command: Sequence[str], paths: JobPaths, *, environment: Mapping[str, str]
    ) -> None:
        self._paths = paths
        with reporting(paths.root):
            paths.root.mkdir(parents=True, exist_ok=True)
            for path in (paths.run, paths.outcome):  # which one before us may still write into
                path.unlink(missing_ok=True)
            with open_to_append(paths.log) as log, paths.outcome.open("xb") as outcome:
                self._process = subprocess.Popen(
                    list(command),
                    stdin=subprocess.PIPE,
                    stdout=outcome,
                    stderr=log,
                    env={**os.environ, **environment, JOB_VARIABLE: str(paths.root.absolute())},
                    process_group=0,  # a terminal's Ctrl-C reaches us alone, who pass it on once
                )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def run_directory(self) -> Path | None:
        """None before there is one."""
        try:
            text = self._paths.run.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return Path(text)

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def stop(self) -> None:
        """Asks for an orderly end that is no failure."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(STOP)
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it has just ended

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        """Ends it at once, with all that it has started."""
        if not self.has_ended():
            os.killpg(self._process.pid, signal.SIGKILL)

    def outcome(self) -> dict[str, Any]:
        """The document it printed, or one that stands in for it; waits for its end.

        `exit_code` is as a shell shows it: 128 + n after a death by signal n.
        """
        status = self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = status if status >= 0 else 128 - status
        try:
            printed: dict[str, Any] = json.loads(self._paths.outcome.read_bytes())
        except (OSError, ValueError):
            message = f"{_LOST}: {self._last_words() or f'it ended with {code}'}"
            printed = {"status": "failed", "error": {"message": message}}
        directory = self.run_directory
        if directory is not None:
            printed.setdefault("run", directory.name)
        return {**printed, "exit_code": code}

    def _last_words(self) -> str:
        """The last line of the log."""
        with self._paths.log.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - _LOG_END_BYTES))
            lines = log.read().decode("utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else ""
