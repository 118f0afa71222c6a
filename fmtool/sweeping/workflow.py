"""A sweep, from its first job to its summary: jobs in, one document and its files out."""

import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.errors import Interrupted, TimeLimit
from fmtool.jobs.process import TrainingCommand, TrainingProcess
from fmtool.jobs.slots import Slot
from fmtool.notices import counted, note
from fmtool.runs.atomic import reporting, write_json, write_text
from fmtool.runs.containment import require_contained
from fmtool.runs.layout import SWEEP_VARIABLE, VARIANT_VARIABLE
from fmtool.runs.lock import DigestLock
from fmtool.signals import SignalGuard
from fmtool.sweeping import folder, pictures
from fmtool.sweeping.config import SweepConfig
from fmtool.sweeping.document import document, exit_code_of, rows_of
from fmtool.sweeping.earlier import DONE, earlier
from fmtool.sweeping.jobs import Job, of_shard, sweep_digest
from fmtool.sweeping.queue import JobQueue, View
from fmtool.sweeping.table import csv_text

_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Sweep:
    """The jobs of a sweep, and the way they are to be run.

    Args:
        jobs: of the whole sweep; `settings.shard` says which of them are done here.
    """

    command: TrainingCommand
    jobs: Sequence[Job]
    settings: SweepConfig

    @property
    def digest(self) -> str:
        return sweep_digest(self.jobs, self.settings.shard)

    @property
    def own(self) -> list[Job]:
        """The jobs of this part."""
        return of_shard(self.jobs, self.settings.shard)

    @property
    def runs_dir(self) -> Path:
        return self.jobs[0].runs_dir


def run_sweep(sweep: Sweep, view: View) -> dict[str, Any]:
    """Runs what is not done yet; the document is stored after every job.

    Raises:
        Busy: another process does the same sweep.
        Interrupted: its `result` is the document; the trainings that ran have ended in order.
    """
    lock = DigestLock(sweep.runs_dir, sweep.digest, what="sweep")
    try:
        return _Course(sweep, view).run()
    finally:
        view.close()
        lock.release()


class _Course:
    """The state of a sweep while it runs."""

    def __init__(self, sweep: Sweep, view: View) -> None:
        self._sweep, self._view, self._jobs = sweep, view, sweep.own
        known = folder.find(sweep.runs_dir, sweep.digest)
        if known is not None:
            note(f"sweep {known.root.name} goes on")
        self._paths = known or folder.new(sweep.runs_dir, sweep.digest)
        require_contained(self._paths.root, within=sweep.runs_dir)
        trained = [job for job in self._jobs if job.same_as is None]
        begun = earlier(trained, sweep.runs_dir, folder.stored_results(known))
        self._results: dict[int, Mapping[str, Any]] = {
            number: each.result for number, each in begun.items()
        }
        done = sum(each.state == DONE for each in begun.values())
        if done:
            note(f"{done} of {counted(len(trained), 'training')} done already")
        retry = sweep.settings.retry
        final = {number for number, each in begun.items() if each.is_final(retry)}
        for job in trained:
            if job.number in final:
                view.skip(job, self._results[job.number])
        todo = [job for job in trained if job.number not in final]
        self._queue = JobQueue(todo, sweep.settings, self._launch, view)

    def run(self) -> dict[str, Any]:
        self._store(None)
        with SignalGuard() as signals:
            try:
                with signals.deferring():
                    self._work(signals)
            except Interrupted as interruption:
                interruption.result = self._finish(interruption.exit_code)
                interruption.go_on = "the same command"
                raise
            return self._finish(exit_code_of(self._rows()))

    def _work(self, signals: SignalGuard) -> None:
        while not self._queue.is_done:
            if self._queue.look():
                self._results |= self._queue.results
                self._store(None)
            if signals.interruption is not None:
                signals.acknowledge()
                is_limit = isinstance(signals.interruption, TimeLimit)
                self._queue.end(signal.SIGTERM if is_limit else signals.interruption.signal_number)
            self._view.refresh(self._queue.running)
            time.sleep(_LOOK_SECONDS)

    def _launch(self, job: Job, slot: Slot) -> TrainingProcess:
        variant = {} if job.variant is None else {VARIANT_VARIABLE: job.variant}
        return TrainingProcess(
            self._sweep.command.argv(job.overrides, seconds=self._sweep.settings.timeout),
            self._paths.job(job.number),
            environment={
                SWEEP_VARIABLE: self._paths.root.name,
                **variant,
                **slot.environment(job.cfg.runtime.device),
            },
        )

    def _rows(self) -> list[dict[str, Any]]:
        return rows_of(self._jobs, self._results, self._paths)

    def _store(self, exit_code: int | None) -> dict[str, Any]:
        made = document(
            self._paths,
            self._rows(),
            digest=self._sweep.digest,
            shard=self._sweep.settings.shard,
            exit_code=exit_code,
        )
        with reporting(self._paths.root):
            self._paths.root.mkdir(parents=True, exist_ok=True)
        write_json(self._paths.document, made)
        write_text(self._paths.table, csv_text(self._jobs, made))
        return made

    def _finish(self, exit_code: int) -> dict[str, Any]:
        self._view.close()
        made = self._store(exit_code)
        pictures.draw(self._jobs, made, self._paths)
        return made
