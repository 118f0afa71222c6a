"""The ends of earlier runs of the same trainings, read without any data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.runs import result as outcome
from fmtool.runs.identity import index_runs, is_path
from fmtool.runs.records import KILLED, RUNNING, RunRecord, read_record
from fmtool.runs.saved_config import flatten
from fmtool.sweeping.config import Retry
from fmtool.sweeping.jobs import Job
from fmtool.sweeping.metrics_tail import last_epoch

Result = Mapping[str, Any]
"""As in result.json, or what stands in for it."""

DONE = "done"
TO_RESUME = "to resume"
TO_DO = "to do"
ENDED = (outcome.COMPLETED, outcome.GATE_NOT_MET)
"""Statuses of a training that came to its end."""

_GOES_ON = (outcome.INTERRUPTED, outcome.PRUNED, KILLED)
_KILLED_CODE = 137


@dataclass(frozen=True)
class Earlier:
    """The state in which earlier runs left a job.

    Args:
        state: `done`, `to resume`, or the status of a run that is there.
        epochs: of training that are done.
        record: None where it never came as far as a run.
    """

    state: str
    result: Result
    epochs: int = 0
    record: RunRecord | None = None

    def is_final(self, retry: Retry) -> bool:
        """True where the result is reported as it is, and not done again."""
        if self.state in (DONE, RUNNING) or self.result["status"] in ENDED:
            return False  # its process looks, and says that nothing is left to do, or goes on
        if self.state == outcome.DIVERGED:
            return retry != "all"
        return retry == "none"


def earlier(
    jobs: Sequence[Job], runs_dir: Path, stored: Mapping[int, Result]
) -> dict[int, Earlier]:
    """By the number of a job, for those that were begun before and may go on.

    Args:
        stored: what sweep.json says of each job, for those that never came as far as a run.
    """
    index = index_runs(runs_dir)
    found = {}
    for job in jobs:
        if not job.goes_on:
            continue
        root = index.find(job.plain, variant=job.variant)
        record = None if root is None else read_record(root)
        if record is not None and _is_of(record, job):
            found[job.number] = _of_record(record, job)
        elif stored.get(job.number, {}).get("exit_code"):
            found[job.number] = Earlier(stored[job.number]["status"], stored[job.number])
    return found


def _is_of(record: RunRecord, job: Job) -> bool:
    """True for the same data, as far as names of files say; their content is not read."""
    then, now = (flatten(each.get("data") or {}) for each in (record.config, job.plain))
    return all(then.get(key) == value for key, value in now.items() if is_path(key))


def _of_record(record: RunRecord, job: Job) -> Earlier:
    result = _result(record)
    status, epochs = record.status, _epochs(record)
    if status in ENDED:
        has_stopped_early = epochs < int(record.config.get("epochs", 0))
        is_done = has_stopped_early or epochs >= job.cfg.epochs
        return Earlier(DONE if is_done else TO_RESUME, result, epochs, record)
    state = TO_RESUME if status in _GOES_ON else status
    return Earlier(state, result, epochs, record)


def _epochs(record: RunRecord) -> int:
    if record.result is not None:
        return record.result.epochs
    row = last_epoch(record.paths.metrics)
    return 0 if row is None else int(row["epoch"])


def _result(record: RunRecord) -> Result:
    if record.result is not None:
        return record.result.to_json()
    message = "its process died without a word" if record.status == KILLED else record.damage
    error = {"type": "", "message": message, "hint": ""}
    return {
        "status": record.status,
        "run": record.id,
        "exit_code": None if record.status == RUNNING else _KILLED_CODE,
        "error": error,
    }
