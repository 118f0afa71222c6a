"""Work in processes of their own: of another backend, of one runtime, and of no importance if lost.

`python -P -m fmtool.export.child TASK JOB ANSWER`: JOB and ANSWER are files of JSON. What a task
raises is in the answer, and raised again by `run`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from signal import Signals
from typing import Any

from fmtool import errors
from fmtool.errors import FmtoolError

TASKS = ("convert", "reference", "trial", "recheck")
"""Modules beside this one with a function `main` of the job."""


def run(task: str, job: Mapping[str, Any], folder: Path, *, plugins: list[str]) -> dict[str, Any]:
    """The answer to a job.

    Args:
        folder: where the job, the answer and what the child prints are kept.

    Raises:
        FmtoolError: what the child raised; ExportFailed for anything else that ended it.
    """
    asked, answered = folder / f"{task}.json", folder / f"{task}_answer.json"
    asked.write_text(json.dumps({**job, "plugins": plugins}), encoding="utf-8")
    answered.unlink(missing_ok=True)
    printed = folder / f"{task}.log"
    with printed.open("wb") as log:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", __name__, task, str(asked), str(answered)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,  # a terminal's Ctrl-C reaches us alone
        )
        try:
            status = child.wait()
        finally:
            child.kill()
            child.wait()
    if not answered.is_file():
        raise errors.ExportFailed(f"{task}: {_end(status, printed)}")
    answer: dict[str, Any] = json.loads(answered.read_text(encoding="utf-8"))
    if "error" in answer:
        kind: type[FmtoolError] = getattr(errors, answer["error"])
        raise kind(answer["message"], fix=answer["fix"])
    return answer


def _end(status: int, printed: Path) -> str:
    if status < 0:
        return f"its process was ended by {Signals(-status).name}"
    lines = printed.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else f"its process ended with {status}"


def _answer(task: str, job: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found: dict[str, Any] = import_module(f"fmtool.export.{task}").main(job)
    except FmtoolError as error:
        return {"error": type(error).__name__, "message": error.message, "fix": error.fix}
    # Libraries raise anything for what they cannot convert.
    except Exception as error:
        if os.environ.get("FMTOOL_DEBUG") == "1":
            raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return {"error": "ExportFailed", "message": f"{task}: {lines[0][:300]}", "fix": ""}
    return found


def main(argv: list[str]) -> None:
    task, asked, answered = argv
    assert task in TASKS, task
    job = json.loads(Path(asked).read_text(encoding="utf-8"))
    text = json.dumps(_answer(task, job))
    Path(answered).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
