"""A worker: takes trials of a study, trains them in processes of their own, and never Keras itself.

Any number of workers share a study; the storage is where they meet. What a worker holds when it
dies is taken over by the others, or by the next one.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from fmtool import errors
from fmtool.errors import FmtoolError
from fmtool.jobs.slots import Slot, slots
from fmtool.runs.layout import RunPaths, StudyPaths
from fmtool.signals import SignalGuard
from fmtool.tuning import attempts, budget
from fmtool.tuning.definition import StudySettings
from fmtool.tuning.lease import Watch, ourselves
from fmtool.tuning.store import Store
from fmtool.tuning.trial_run import ENVIRONMENT, TrialContext, TrialRun

_LOOK_SECONDS = 0.05
_STUDY_SECONDS = 1.0
_END_SECONDS = 30.0
_BEATS_PER_LEASE = 5


@dataclass(frozen=True)
class Event:
    """Something to tell people: a trial that began or ended.

    Args:
        status: `running`, or how it ended.
    """

    number: int
    status: str
    trial: TrialRun


class Worker:
    """Works until nothing is left of the budget.

    Args:
        jobs: trials at a time.
        tell: is told of events.
    """

    def __init__(
        self,
        store: Store,
        setting: TrialContext,
        paths: StudyPaths,
        *,
        jobs: int,
        tell: Callable[[Event], None],
    ) -> None:
        self._store, self._setting, self._paths = store, setting, paths
        self._jobs, self._tell = jobs, tell
        self.running: list[TrialRun] = []
        self._settings: StudySettings = store.settings
        self._watch = Watch(self._settings.lease_seconds)
        self._slots = slots(jobs)
        self._failure: FmtoolError | None = None
        self._looked_at_study = self._beaten = 0.0
        self._is_over = False

    def work(self, signals: SignalGuard) -> None:
        """Raises Interrupted, once its trials are given back and their state is in checkpoints.

        Raises Unavailable where the storage is away for too long, DataError where it is damaged,
        and the error that every other trial would meet too, such as a full disk.
        """
        try:
            with signals.deferring():
                while not signals.has_arrived and self._step():
                    time.sleep(_LOOK_SECONDS)
                if signals.has_arrived:
                    signals.acknowledge()
                    self._give_back_all()
        except FmtoolError:  # the storage is away or broken; the trainings end in order
            self._end_all()
            signals.check()  # one that arrived meanwhile is why nobody waited any longer
            raise
        finally:
            for trial in self.running:
                trial.kill()
        if self._failure is not None:
            raise self._failure

    def _step(self) -> bool:
        """Does one round of work; True where there is more to do."""
        for trial in list(self.running):
            if trial in self.running:
                self._advance(trial)
        now = time.monotonic()
        if now - self._beaten > self._settings.lease_seconds / _BEATS_PER_LEASE:
            self._beaten = now
            self._beat()
        has_room = len(self.running) < self._jobs and not self._is_over
        is_time = now - self._looked_at_study > _STUDY_SECONDS
        if not is_time and not (has_room and self._looked_at_study == 0):
            return True
        self._looked_at_study = now
        return self._look_at_study()

    def _look_at_study(self) -> bool:
        self._settings = self._store.settings
        trials = self._store.trials()
        self._recover(trials)
        limits, objectives = self._settings.budget, self._store.definition.objectives
        self._store.tidy(trials, most=limits.trials)
        if budget.is_over(limits, objectives, trials) is not None:
            self._is_over = True
            for trial in self.running:
                trial.stop(attempts.ENDED)
        counted = attempts.by_trial(trials)[: limits.trials]
        if self._failure is not None or self._is_over:
            return bool(self.running)
        if len(self.running) < self._jobs and self._has_more(counted, limits.trials):
            self._begin(limits.trials)
            return True
        return bool(self.running) or any(chain.is_open for chain in counted)

    def _has_more(self, counted: Sequence[attempts.TrialAttempts], most: int) -> bool:
        waits = any(chain.status == attempts.WAITING for chain in counted)
        return waits or len(counted) < most

    def _begin(self, most: int) -> None:
        store = self._store
        lease = ourselves().to_json(0)
        trial = store.take(lease, most=most)
        # Another one at once, be it that this one did not count or that there is room for more.
        self._looked_at_study = 0.0
        if trial is None:
            return
        number = int(trial.user_attrs.get(attempts.ORIGIN, trial.number))
        paths = self._paths.trial(number)
        earlier = _earlier(trial.user_attrs.get(attempts.RUN), paths.run)
        try:
            values = store.draw(trial)
            if earlier is not None:  # the folder forgets it as soon as another process begins
                store.set(trial, attempts.RUN, str(earlier))
        except UpdateFinishedTrialError:  # we were held up for so long that it was taken from us
            return
        running = TrialRun(
            self._setting,
            trial,
            values,
            paths,
            number=number,
            earlier=earlier,
            slot=self._free_slot(),
        )
        self.running.append(running)
        self._tell(Event(number, attempts.RUNNING, running))

    def _free_slot(self) -> Slot:
        free = list(self._slots)
        for each in self.running:
            free.remove(each.slot)
        return free[0]

    def _advance(self, trial: TrialRun) -> None:
        try:
            outcome = trial.advance()
        except UpdateFinishedTrialError:
            trial.kill()
            self.running.remove(trial)
            self._tell(Event(trial.number, attempts.LOST, trial))
            return
        if outcome is None:
            return
        self.running.remove(trial)
        self._looked_at_study = 0.0
        if outcome["exit_code"] in ENVIRONMENT:
            self._give_back(trial)
            self._failure = errors.from_json(outcome.get("error") or {}, outcome["exit_code"])
            self._give_back_all()
            return
        self._tell(Event(trial.number, trial.conclude(outcome), trial))

    def _beat(self) -> None:
        for trial in list(self.running):
            trial.beat += 1
            try:
                self._store.set(trial.trial, attempts.LEASE, ourselves().to_json(trial.beat))
            except UpdateFinishedTrialError:
                trial.kill()
                self.running.remove(trial)
                self._tell(Event(trial.number, attempts.LOST, trial))

    def _recover(self, trials: Sequence[FrozenTrial]) -> None:
        """Gives back what is held by workers that are no more."""
        ours = {trial.trial.number for trial in self.running}
        self._watch.look()
        for trial in trials:
            if trial.state != TrialState.RUNNING or trial.number in ours:
                continue
            if self._watch.is_over(trial.number, trial.user_attrs.get(attempts.LEASE)):
                self._store.give_back(trial.number, most=self._settings.budget.trials)

    def _give_back(self, trial: TrialRun) -> None:
        self._store.give_back(trial.trial.number, most=self._settings.budget.trials)

    def _give_back_all(self) -> None:
        """Ends all trainings with a checkpoint and leaves them to whoever comes next."""
        running = list(self.running)
        self._end_all()
        for trial in running:
            self._give_back(trial)
            self._tell(Event(trial.number, attempts.WAITING, trial))

    def _end_all(self) -> None:
        for trial in self.running:
            trial.interrupt()
        deadline = time.monotonic() + _END_SECONDS
        for trial in self.running:
            trial.wait(deadline)
        self.running.clear()


def _earlier(noted: str | None, announced: Path) -> Path | None:
    """The run of the last attempt, by what its process announced here or else by the study."""
    try:
        there = announced.read_text(encoding="utf-8")
    except FileNotFoundError:
        there = None
    for path in (there, noted):
        if path and RunPaths(Path(path)).is_run():
            return Path(path)
    return None
