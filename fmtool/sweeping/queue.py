"""Jobs that wait, run and have ended, and what is done about them from one look to the next."""

import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from fmtool.errors import ExitCode
from fmtool.jobs.process import TrainingProcess
from fmtool.jobs.slots import Slot, slots
from fmtool.runs.records import KILLED
from fmtool.runs.result import FAILED
from fmtool.sweeping.config import SweepConfig
from fmtool.sweeping.jobs import Job

GOOD = (ExitCode.SUCCESS, ExitCode.GATE_NOT_MET)

_LATE_SECONDS = 30.0
"""After its time limit a training has so long to write its checkpoint."""
_BUSY_PAUSE_SECONDS = 5.0
_BUSY_SECONDS = 60.0
"""Trainings of a sweep that was killed end by themselves within this time."""

Launch = Callable[[Job, Slot], TrainingProcess]


class View(Protocol):
    """Shows people how it goes."""

    def skip(self, job: Job, result: Mapping[str, Any]) -> None:
        """It ended so at an earlier time, and is not done again."""

    def start(self, job: Job, attempt: int) -> None: ...

    def end(self, job: Job, result: Mapping[str, Any], *, is_again: bool) -> None:
        """`is_again`: it will be tried once more."""

    def refresh(self, running: Sequence["Running"]) -> None: ...

    def close(self) -> None: ...


@dataclass
class Running:
    """A job at work."""

    job: Job
    process: TrainingProcess
    slot: Slot
    attempt: int
    began: float = field(default_factory=time.monotonic)
    is_late: bool = False

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


@dataclass(frozen=True)
class _Waiting:
    job: Job
    attempt: int = 1
    not_before: float = 0.0


class JobQueue:
    """Runs jobs side by side; nothing happens but in `look`.

    Args:
        launch: starts the process of a job.
    """

    def __init__(
        self, jobs: Sequence[Job], settings: SweepConfig, launch: Launch, view: View
    ) -> None:
        self._settings, self._launch, self._view = settings, launch, view
        self._waiting = [_Waiting(job) for job in jobs]
        self._free = slots(settings.jobs)
        self._began = time.monotonic()
        self._is_ending = False
        self.running: list[Running] = []
        self.results: dict[int, dict[str, Any]] = {}
        """By the number of the job."""

    @property
    def is_done(self) -> bool:
        return not self.running and not self._waiting

    def look(self) -> bool:
        """Looks at the jobs; True where one has ended since the last time."""
        ended = [each for each in self.running if each.process.has_ended()]
        for each in ended:
            self.running.remove(each)
            self._free.insert(0, each.slot)
            self._take(each)
        for each in self.running:
            self._kill_if_late(each)
        self._start()
        return bool(ended)

    def end(self, number: int) -> None:
        """Passes a signal on, once, and starts nothing more."""
        if self._is_ending:
            return
        self._is_ending = True
        self._waiting.clear()
        for each in self.running:
            each.process.send(number)

    def _start(self) -> None:
        now = time.monotonic()
        ready = [each for each in self._waiting if each.not_before <= now]
        for each in ready[: len(self._free)]:
            self._waiting.remove(each)
            slot = self._free.pop(0)
            self._view.start(each.job, each.attempt)
            process = self._launch(each.job, slot)
            self.running.append(Running(each.job, process, slot, each.attempt))

    def _take(self, ended: Running) -> None:
        result = _result(ended)
        again = None if self._is_ending else self._again(ended, result)
        self._view.end(ended.job, result, is_again=again is not None)
        if again is not None:
            self._waiting.append(again)
            return
        self.results[ended.job.number] = result
        if result["exit_code"] not in GOOD and self._settings.fail_fast:
            self.end(signal.SIGTERM)

    def _again(self, ended: Running, result: Mapping[str, Any]) -> _Waiting | None:
        now = time.monotonic()
        if result["exit_code"] == ExitCode.BUSY and now - self._began < _BUSY_SECONDS:
            return _Waiting(ended.job, ended.attempt, now + _BUSY_PAUSE_SECONDS)
        is_crash = result["exit_code"] == ExitCode.BUG or result["exit_code"] > 128
        if is_crash and not ended.is_late and ended.attempt <= self._settings.retries:
            return _Waiting(ended.job, ended.attempt + 1)
        return None

    def _kill_if_late(self, running: Running) -> None:
        limit = self._settings.timeout
        if limit is not None and not running.is_late and running.seconds > limit + _LATE_SECONDS:
            running.is_late = True
            running.process.kill()


def _result(ended: Running) -> dict[str, Any]:
    result = ended.process.outcome()
    if ended.is_late:
        message = f"it did not end within {_LATE_SECONDS:g} s of sweep.timeout, and was killed"
        error = {"type": "TimeLimit", "message": message, "hint": "raise sweep.timeout"}
        result |= {"status": KILLED, "error": error}
    elif result["status"] == FAILED and result["exit_code"] > 128:
        result |= {"status": KILLED}  # it died without a word of its own
    if ended.attempt > 1:
        result["attempts"] = ended.attempt
    return result
