"""Work in processes of their own: of another backend, of one runtime, and of no matter if lost.

`python -P -m fmtool.export.child TASK` reads jobs, a line of JSON each, and answers with a line
of JSON each. It ends when stdin does. What a task raises is in the answer, and raised by `ask`.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from signal import Signals
from types import TracebackType
from typing import Any, Self

from fmtool import errors, registry
from fmtool.errors import FmtoolError
from fmtool.runs.atomic import full_disk

TASKS = ("convert", "reference", "runtime_check", "recheck")
"""Modules beside this one with a function `main` from a job to an answer."""

_LONGEST_REASON = 300


class Child:
    """A process for jobs of one task; begun with the first job, and anew after one that ended it.

    Args:
        log: a file for what the process prints.
        plugins: what it loads first.
    """

    def __init__(self, task: str, *, log: Path, plugins: list[str]) -> None:
        assert task in TASKS, task
        self._task, self._log, self._plugins = task, log, plugins
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._end()

    def ask(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a job.

        Raises FmtoolError as the task did; ExportFailed where anything else ended it.
        """
        process = self._process or self._begin()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps({**job, "plugins": self._plugins}) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            line = ""
        else:
            line = process.stdout.readline()
        if not line:
            status = process.wait()
            self._end()
            failed = errors.ExportFailed(f"{self._task}: {self._reason(status)}")
            raise full_disk(failed, *_written(job)) or failed
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise errors.from_json(answer["error"], answer["exit_code"])
        return answer

    def _begin(self) -> "subprocess.Popen[str]":
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                # -P: a file in the working directory must not stand in for a module of ours.
                [sys.executable, "-P", "-m", __name__, self._task],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                process_group=0,  # a terminal's Ctrl-C reaches us alone
            )
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            with self._process as process:
                process.kill()
            self._process = None

    def _reason(self, status: int) -> str:
        if status < 0:
            return f"its process was ended by {Signals(-status).name}"
        printed = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return printed[-1][:_LONGEST_REASON] if printed else f"its process ended with {status}"


def _answer(main: Callable[[Mapping[str, Any]], dict[str, Any]], job: Mapping[str, Any]) -> Any:
    try:
        return main(job)
    except FmtoolError as error:
        return _failure(error)
    # Libraries raise anything for what they cannot convert.
    except Exception as error:
        full = full_disk(error, *_written(job))
        if full is not None:
            return _failure(full)
        if os.environ.get("FMTOOL_DEBUG") == "1":
            raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return _failure(errors.ExportFailed(lines[0][:_LONGEST_REASON]))


def _failure(error: FmtoolError) -> dict[str, Any]:
    return {"exit_code": error.exit_code, "error": errors.to_json(error)}


def _written(job: Mapping[str, Any]) -> list[Path]:
    """Places on the disks that a job writes to."""
    named = [Path(job[key]).parent for key in ("path", "folder") if key in job]
    return [*named, Path(tempfile.gettempdir())]


def main(task: str) -> None:
    # What libraries print must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    assert task in TASKS, task
    plugins: list[str] | None = None
    for line in sys.stdin:
        job = json.loads(line)
        if plugins is None:
            plugins = job["plugins"]
            registry.load_plugins(plugins)
        answer = _answer(import_module(f"fmtool.export.{task}").main, job)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
