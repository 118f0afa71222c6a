"""One trial at work: its training, what the study is told of it, and how it ends."""

import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import Trial, TrialState

from fmtool.config.arguments import prepare
from fmtool.errors import ExitCode
from fmtool.jobs.process import TrainingCommand, TrainingProcess
from fmtool.jobs.slots import Slot
from fmtool.runs.layout import STUDY_VARIABLE, JobPaths, RunPaths
from fmtool.runs.lock import is_locked
from fmtool.tuning import attempts, space
from fmtool.tuning.definition import Definition
from fmtool.tuning.dimension import Value
from fmtool.tuning.epoch_reader import EpochReader
from fmtool.tuning.objective import Row, values_of, violations
from fmtool.tuning.store import Store

_BUSY_SECONDS = 2.0
_LONGEST_END_SECONDS = 6.0
"""The longest wait for the end of a training whose worker is gone before it has begun."""

_PRUNED_BY_CODE = {
    ExitCode.DIVERGED: attempts.DIVERGED,
    ExitCode.OUT_OF_MEMORY: attempts.OUT_OF_MEMORY,
    ExitCode.TIME_LIMIT: attempts.TIMED_OUT,
}
"""Ends that say something of the point: a sampler shall keep away from it."""
_INVALID = (ExitCode.USAGE, ExitCode.REFUSED, ExitCode.CONFIG_CHANGED)
ENVIRONMENT = (
    ExitCode.BAD_DATA,
    ExitCode.UNAVAILABLE,
    ExitCode.CANNOT_CREATE,
    ExitCode.WRITE_FAILED,
)
"""Ends that every other trial of this worker would have too."""


@dataclass(frozen=True)
class TrialContext:
    """The part that the trials of a worker share.

    Args:
        command: how trainings are started here.
        runs_dir: where their runs are made.
        seconds: that a trial may take; None without a limit.
    """

    store: Store
    definition: Definition
    command: TrainingCommand
    runs_dir: Path
    seconds: float | None
    retries: int


class TrialRun:
    """A trial from its first process to its last word in the study.

    Args:
        values: of the dimensions, by their names.
        number: that of its chain, by which people know it.
        earlier: the run of an attempt before, where it can go on.
        slot: its share of the machine.
    """

    def __init__(
        self,
        setting: TrialContext,
        trial: Trial,
        values: Mapping[str, Value],
        paths: JobPaths,
        *,
        number: int,
        earlier: Path | None,
        slot: Slot,
    ) -> None:
        self.trial, self.values, self.slot = trial, values, slot
        self.number, self.beat = number, 0
        self.rows: list[Row] = []
        self._setting, self._paths, self._earlier = setting, paths, earlier
        self._course, self._reported, self._crashes = EpochReader(), 0, 0
        self._again_at: float | None = None
        self._stopped: str | None = None
        self._is_known = False
        self._process = self._begin()

    @property
    def run_directory(self) -> Path | None:
        return self._process.run_directory

    @property
    def log(self) -> Path:
        return self._paths.log

    def _begin(self) -> TrainingProcess:
        setting, definition = self._setting, self._setting.definition
        words = [*definition.fixed, prepare(f"runs_dir={setting.runs_dir}")]
        words += space.overrides_of(definition.dimensions, self.values)
        if self._earlier is not None and _can_go_on(RunPaths(self._earlier)):
            words.append(prepare(f"resume={self._earlier}"))
        return TrainingProcess(
            setting.command.argv(words, seconds=setting.seconds),
            self._paths,
            environment={
                STUDY_VARIABLE: definition.name,
                **self.slot.environment(definition.device),
            },
        )

    def advance(self) -> dict[str, Any] | None:
        """Tells the study of epochs that are over; the outcome once the training has ended.

        Raises UpdateFinishedTrialError where the trial was taken from us.
        """
        if self._again_at is not None:
            if time.monotonic() < self._again_at:
                return None
            self._again_at, self._process = None, self._begin()
        # Before the rows are read: after its end there will be no more.
        has_ended = self._process.has_ended()
        self._tell_epochs()
        return self._ended(self._process.outcome()) if has_ended else None

    def _tell_epochs(self) -> None:
        directory = self._process.run_directory
        if directory is None:
            return
        store, definition = self._setting.store, self._setting.definition
        if not self._is_known:
            store.set(self.trial, attempts.RUN, str(directory))
            self._is_known = True
        self.rows = list(self._course.rows(RunPaths(directory).metrics))
        if not definition.can_prune or self._stopped is not None:
            return
        (objective,) = definition.objectives
        for row in self.rows[self._reported :]:
            self._reported += 1
            value = row.get(objective.metric)
            if value is None:
                continue
            is_last = row["epoch"] >= self._epochs()
            if store.report(self.trial, value, row["epoch"]) and not is_last:
                self.rows = self.rows[: self._reported]
                self.stop(attempts.PRUNED)
                return

    def _epochs(self) -> int:
        return int(self.values.get("epochs", self._setting.definition.epochs))

    def _ended(self, outcome: dict[str, Any]) -> dict[str, Any] | None:
        """None where it begins again: after a crash, or while another process is in its run."""
        code = outcome["exit_code"]
        if code == ExitCode.BUSY:
            self._again_at = time.monotonic() + _BUSY_SECONDS
            return None
        if code == ExitCode.BAD_DATA and self._earlier is not None:
            # Its checkpoints may be what is bad, and then are so for whoever takes the trial.
            self._earlier, self._is_known = None, False
            self._process = self._begin()
            return None
        is_crash = code not in (
            *(ExitCode.SUCCESS, *_PRUNED_BY_CODE, *_INVALID, *ENVIRONMENT, ExitCode.GATE_NOT_MET),
        )
        if is_crash and self._stopped is None and self._crashes < self._setting.retries:
            self._crashes += 1
            self._earlier = self._process.run_directory or self._earlier
            self._process = self._begin()
            return None
        return {**outcome, "is_crash": is_crash}

    def stop(self, why: str) -> None:
        """Ends the training in order, as one of the outcomes of `attempts`."""
        if self._stopped is None:
            self._stopped = why
            self._process.stop()

    def interrupt(self) -> None:
        self._process.send(signal.SIGTERM)

    def kill(self) -> None:
        self._process.kill()

    def wait(self, deadline: float) -> None:
        """For the end of its process, which is killed at the deadline of the monotonic clock."""
        while not self._process.has_ended() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._process.kill()
        self._process.outcome()

    def conclude(self, outcome: Mapping[str, Any]) -> str:
        """Writes into the study how the trial ended, and says it; `lost` where it was not ours."""
        store, definition = self._setting.store, self._setting.definition
        facts = {**outcome.get("model", {}), "seconds": outcome.get("seconds")}
        known = values_of(definition.objectives, self.rows, facts)
        status = self._status(outcome, known)
        attrs = {
            attempts.OUTCOME: status,
            attempts.METRICS: known,
            attempts.EPOCHS: len(self.rows),
            "message": (outcome.get("error") or {}).get("message"),
            "crashes": self._crashes,
        }
        if status == attempts.COMPLETED:
            counts = store.finish(
                self.trial,
                TrialState.COMPLETE,
                attrs,
                values=[known[each.metric] for each in definition.objectives],
                violations=violations(definition.constraint.min, definition.constraint.max, known),
            )
        elif status in (attempts.FAILED, attempts.INVALID) or len(definition.objectives) > 1:
            counts = store.finish(self.trial, TrialState.FAIL, attrs)
        else:
            counts = store.finish(self.trial, TrialState.PRUNED, attrs)
        return status if counts else attempts.LOST

    def _status(self, outcome: Mapping[str, Any], known: Mapping[str, float]) -> str:
        code = outcome["exit_code"]
        if outcome["status"] == "pruned":
            return self._stopped or attempts.ENDED
        if code in _PRUNED_BY_CODE:
            return _PRUNED_BY_CODE[code]
        if code in _INVALID:
            return attempts.INVALID
        has_values = all(each.metric in known for each in self._setting.definition.objectives)
        return attempts.COMPLETED if code == ExitCode.SUCCESS and has_values else attempts.FAILED


def _can_go_on(run: RunPaths) -> bool:
    """True where a training began in it; one that has just lost its worker may be about to."""
    deadline = time.monotonic() + _LONGEST_END_SECONDS
    while not run.manifest.exists() and is_locked(run.lock) and time.monotonic() < deadline:
        time.sleep(0.05)
    return run.manifest.exists()
