"""The assignment of trials to workers: exact, whoever dies, is held up or loses the storage.

All decisions that two workers could take at once are taken here: who gets a trial, who gives up a
trial whose worker died, and which trials are within the budget. Trial numbers decide, for which a
storage sees to it that nobody else has the same. Each operation may be done twice, since the
answer to it may have got lost, and a worker may die behind each.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from fmtool.compat.private_optuna import ask_for_id, id_of, storage_of
from fmtool.tuning import attempts
from fmtool.tuning.stored_study import StoredStudy, locked

_FIXED = "fixed_params"
"""The attribute in which Optuna looks for values that it shall not draw."""


class Store(StoredStudy):
    """The operations of workers on the trials of a study."""

    points: Sequence[Mapping[str, Any]] | None = None
    """The points of a tuner that takes them in turn: the first trial has the first of them."""

    def take(self, lease: Mapping[str, Any], *, most: int) -> Trial | None:
        """A trial that waits, or a new one; None where what was there turned out not to count.

        Args:
            lease: of the worker, which the trial has from the first moment.
            most: trials that the budget has.
        """
        storage = storage_of(self.study)
        with locked(self.url, self._patience), suppress(UpdateFinishedTrialError):
            identity = self._patience(lambda: ask_for_id(self.study))
            self._patience(
                lambda: storage.set_trial_user_attr(identity, attempts.LEASE, dict(lease))
            )
            trials = self.trials()
            frozen = next(each for each in trials if id_of(each) == identity)
            if attempts.ORIGIN in frozen.user_attrs and self._is_duplicate(frozen, trials):
                self._fail(frozen, attempts.DUPLICATE)
                return None
            place = attempts.rank(frozen, trials)
            if place >= most:
                self._refuse(frozen)
                return None
            if self.points is not None and not _point(frozen):
                fixed = dict(self.points[place])
                self._patience(lambda: storage.set_trial_system_attr(identity, _FIXED, fixed))
            return self._patience(lambda: Trial(self.study, identity))
        return None  # it was taken from us at once, since we were held up

    def _is_duplicate(self, trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> bool:
        """True where somebody else is at this trial, or it is done; who held it before loses it."""
        mine, attempt = attempts.origin(trial), attempts.attempt(trial)
        for other in trials:
            if attempts.origin(other) != mine or other.number == trial.number:
                continue
            status, earlier = attempts.status(other), attempts.attempt(other) < attempt
            if status in (attempts.LOST, attempts.DUPLICATE, attempts.SURPLUS):
                continue
            if earlier and status == attempts.FAILED:
                continue  # this one is another chance
            if earlier and not other.state.is_finished():
                if self._fail(other, attempts.LOST):
                    continue
                return True  # it was finished in this moment
            if other.state.is_finished() or attempts.attempt(other) > attempt:
                return True
            if other.number < trial.number:
                return True
        return False

    def give_back(self, number: int, *, most: int) -> None:
        """Lets another worker have a trial, under a new number.

        Args:
            most: trials that the budget has; one beyond them has ended, if it never began.
        """
        with locked(self.url, self._patience):
            trials = self.trials()
            trial = next(each for each in trials if each.number == number)
            if trial.state.is_finished():
                return
            if _has_not_begun(trial) and attempts.rank(trial, trials) >= most:
                self._refuse(trial)
                return
            self._begin_again(trial, trials)
            self._fail(trial, attempts.LOST)

    def tidy(self, trials: Sequence[FrozenTrial], *, most: int) -> None:
        """Mends what workers left that died, or were held up, between two operations."""
        for place, chain in enumerate(attempts.by_trial(trials)):
            if chain.status in (attempts.LOST, attempts.DUPLICATE):  # nobody is at it, or will be
                self._begin_again(chain.current, self.trials())
            for trial in chain.trials:
                if not chain.is_open and trial.state == TrialState.WAITING:
                    self._fail(trial, attempts.DUPLICATE)
                elif place >= most and _has_not_begun(trial):
                    self._refuse(trial)

    def retry_failed(self) -> list[int]:
        """Lets failed trials wait for another attempt; their numbers."""
        trials = self.trials()
        failed = [chain for chain in attempts.by_trial(trials) if chain.status == attempts.FAILED]
        for chain in failed:
            self._begin_again(chain.current, trials)
        return [chain.origin for chain in failed]

    def _refuse(self, trial: FrozenTrial) -> None:
        """One beyond the budget; an attempt at one that began earlier waits for a larger budget."""
        if attempts.ORIGIN in trial.user_attrs:
            self._begin_again(trial, self.trials())
            self._fail(trial, attempts.LOST)
        else:
            self._fail(trial, attempts.SURPLUS)

    def _begin_again(self, trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> None:
        """Enqueues the next attempt, unless there is one, with its point and its run if any."""
        mine, attempt = attempts.origin(trial), attempts.attempt(trial) + 1
        if any(
            attempts.origin(each) == mine and attempts.attempt(each) >= attempt for each in trials
        ):
            return
        attrs = {attempts.ORIGIN: mine, attempts.ATTEMPT: attempt}
        if attempts.RUN in trial.user_attrs:
            attrs[attempts.RUN] = trial.user_attrs[attempts.RUN]
        waiting = create_trial(
            state=TrialState.WAITING, system_attrs={_FIXED: _point(trial)}, user_attrs=attrs
        )
        self._patience(lambda: self.study.add_trial(waiting))

    def _fail(self, trial: FrozenTrial, outcome: str) -> bool:
        """Fails a trial; True where it had not come to something else before."""
        storage, identity = storage_of(self.study), id_of(trial)

        def fail() -> bool:
            try:
                storage.set_trial_user_attr(identity, attempts.OUTCOME, outcome)
                storage.set_trial_state_values(identity, state=TrialState.FAIL)
            except UpdateFinishedTrialError:
                there = storage.get_trial(identity)
                return there.state == TrialState.FAIL and attempts.status(there) == outcome
            return True

        return self._patience(fail)

    def finish(
        self,
        trial: Trial,
        state: TrialState,
        attrs: Mapping[str, Any],
        *,
        values: Sequence[float] | None = None,
        violations: Mapping[str, float] | None = None,
    ) -> bool:
        """Once and for all; False where the trial had been taken from us, and another's counts."""
        with suppress(UpdateFinishedTrialError):
            for name, value in attrs.items():
                self.set(trial, name, value)
            for name, value in (violations or {}).items():
                self.constrain(trial, name, value)
            self._patience(
                lambda: self.study.tell(trial, values, state=state, skip_if_finished=True)
            )
        there = self._patience(lambda: storage_of(self.study).get_trial(id_of(trial)))
        return there.state == state and attempts.status(there) != attempts.LOST


def _has_not_begun(trial: FrozenTrial) -> bool:
    """True for a trial that a worker holds and has no run of yet."""
    return trial.state == TrialState.RUNNING and attempts.RUN not in trial.user_attrs


def _point(trial: FrozenTrial) -> dict[str, Any]:
    """The values drawn, and those it shall have: its worker may have died in between."""
    return {**trial.system_attrs.get(_FIXED, {}), **trial.params}
