"""The study in its storage, which may be away for a while: each operation is patient and exact.

All decisions that two workers could take at once are taken here: who gets a trial, who gives up a
trial whose worker died, and which trials are within the budget.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState, create_trial

from fmtool.errors import UsageError
from fmtool.notices import warn
from fmtool.signals import SignalGuard
from fmtool.suggest import did_you_mean
from fmtool.tuning import chains
from fmtool.tuning import storage as storages
from fmtool.tuning.definition import Definition, Settings, read_definition, require_same

_DEFINITION, _SETTINGS, _CREATED = "fmtool.definition", "fmtool.settings", "fmtool.created"
_FIXED = "fixed_params"
"""Where Optuna looks for the values of a trial that waits."""
_CREATION_SECONDS = 10
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 3.0

T = TypeVar("T")


class Patience:
    """Repeats what fails because the storage is away.

    Args:
        seconds: for which it may be; then Unavailable is raised.
        signals: what ends the waiting earlier.
    """

    def __init__(self, url: str, seconds: float, signals: SignalGuard | None = None) -> None:
        self._url, self._seconds, self._signals = url, seconds, signals

    def __call__(self, operation: Callable[[], T]) -> T:
        pause = _FIRST_PAUSE_SECONDS
        deadline: float | None = None
        while True:
            try:
                return operation()
            except Exception as error:
                if not storages.is_outage(error):
                    raise
                if deadline is None:
                    deadline = time.monotonic() + self._seconds
                    warn(f"{storages.unavailable(self._url, error).message}; trying again")
                is_over = time.monotonic() + pause > deadline
                if is_over or (self._signals is not None and self._signals.has_arrived):
                    raise storages.unavailable(self._url, error) from error
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


class Store:
    """A study, its definition, and what its workers do to its trials.

    Made by `create` or `load`.
    """

    def __init__(self, study: optuna.Study, url: str, patience: Patience) -> None:
        self.study, self.url, self._patience = study, url, patience
        self._lock = storages.lock_file(url)
        attrs = patience(lambda: study.user_attrs)
        if _DEFINITION not in attrs:
            raise UsageError(
                f"study {study.study_name} was not made by fmtool", fix="use another study=NAME"
            )
        self.definition = read_definition(attrs[_DEFINITION], study.study_name)

    @classmethod
    def create(
        cls,
        url: str,
        definition: Definition,
        settings: Settings,
        *,
        points: Sequence[Mapping[str, Any]],
        patience: Patience,
    ) -> "Store":
        """The study of that name; the same one if it is there, with these settings from now on.

        Args:
            points: that wait from the beginning.

        Raises ConfigChanged if the one there is another search.
        """
        with storages.locked(storages.lock_file(url)):
            storage = patience(lambda: storages.connect(url))
            study = patience(
                lambda: optuna.create_study(
                    storage=storage,
                    study_name=definition.name,
                    directions=definition.directions,
                    load_if_exists=True,
                )
            )
            _complete(study, definition, points, patience)
        store = cls.load(url, definition.name, patience=patience)
        require_same(store.definition, definition)
        store.set_settings(settings)
        return store

    @classmethod
    def load(cls, url: str, name: str, *, patience: Patience) -> "Store":
        """Raises UsageError where the storage has no such study."""
        if storages.is_missing(url):
            raise UsageError(
                f"there is no study {name}: no file {storages.hidden(url)}",
                fix="begin one with fmtool tune, or name the storage= of this one",
            )
        storage = patience(lambda: storages.connect(url))
        try:
            study = patience(lambda: optuna.load_study(study_name=name, storage=storage))
        except KeyError as error:
            known = patience(lambda: optuna.get_all_study_names(storage))
            raise UsageError(
                f"there is no study {name} in {storages.hidden(url)}",
                fix=did_you_mean(name, known, otherwise="begin one with fmtool tune"),
            ) from error
        return cls(study, url, patience)

    @property
    def settings(self) -> Settings:
        """As the last line that was typed says."""
        attrs = self._patience(lambda: self.study.user_attrs)
        return Settings.model_validate_json(attrs[_SETTINGS])

    def set_settings(self, settings: Settings) -> None:
        text = settings.model_dump_json()
        self._patience(lambda: self.study.set_user_attr(_SETTINGS, text))

    def trials(self) -> list[FrozenTrial]:
        """As they are now; not to be changed."""
        return self._patience(lambda: self.study.get_trials(deepcopy=False))

    def take(self, lease: Mapping[str, Any], *, most: int) -> Trial | None:
        """A trial that waits, or a new one; None where what was there turned out not to count.

        Args:
            lease: of the worker, which the trial has from the first moment.
            most: trials that the budget has.
        """
        with storages.locked(self._lock):
            trial = self._patience(self.study.ask)
            self.set(trial, chains.LEASE, dict(lease))
            trials = self.trials()
            frozen = next(each for each in trials if each.number == trial.number)
            if chains.ORIGIN in frozen.user_attrs:
                refused = chains.DUPLICATE if self._is_duplicate(frozen, trials) else None
            else:
                refused = chains.SURPLUS if chains.rank(frozen, trials) >= most else None
            if refused is None:
                return trial
            self.finish(trial, TrialState.FAIL, {chains.OUTCOME: refused})
            point = frozen.system_attrs.get(_FIXED)
            if refused == chains.SURPLUS and point:  # of a list: it waits for a larger budget
                self._enqueue(point, {})
            return None

    def _is_duplicate(self, trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> bool:
        """Whether somebody else is at this trial, or it is done; who held it before loses it."""
        mine, attempt = chains.origin(trial), chains.attempt(trial)
        for other in trials:
            if chains.origin(other) != mine or other.number == trial.number:
                continue
            if chains.status(other) in (chains.LOST, chains.DUPLICATE):
                continue
            if chains.attempt(other) < attempt and other.state == TrialState.FAIL:
                continue  # this one is another chance
            if chains.attempt(other) < attempt and not other.state.is_finished():
                if self._fail(other, chains.LOST):
                    continue
                return True  # it was finished in this moment
            if other.state.is_finished() or chains.attempt(other) > attempt:
                return True
            if other.number < trial.number:
                return True
        return False

    def give_back(self, trial: FrozenTrial, *, crashes: int = 0) -> None:
        """Lets another worker have a trial, under a new number."""
        with storages.locked(self._lock):
            mine, attempt = chains.origin(trial), chains.attempt(trial) + 1
            has_successor = any(
                chains.origin(each) == mine and chains.attempt(each) >= attempt
                for each in self.trials()
            )
            if not has_successor:
                self._enqueue_again(trial)
            self._fail(trial, chains.LOST)

    def retry_failed(self) -> list[int]:
        """Lets failed trials wait for another attempt; their numbers."""
        failed = [c for c in chains.chains(self.trials()) if c.status == chains.FAILED]
        for chain in failed:
            self._enqueue_again(chain.current)
        return [chain.origin for chain in failed]

    def _enqueue_again(self, trial: FrozenTrial) -> None:
        """The next attempt at a trial, with its point and, if there is one, its run."""
        attrs = {chains.ORIGIN: chains.origin(trial), chains.ATTEMPT: chains.attempt(trial) + 1}
        if chains.RUN in trial.user_attrs:
            attrs[chains.RUN] = trial.user_attrs[chains.RUN]
        self._enqueue(trial.params, attrs)

    def _enqueue(self, point: Mapping[str, Any], attrs: Mapping[str, Any]) -> None:
        waiting = create_trial(
            state=TrialState.WAITING,
            system_attrs={_FIXED: dict(point)},
            user_attrs=dict(attrs),
        )
        self._patience(lambda: self.study.add_trial(waiting))

    def _fail(self, trial: FrozenTrial, outcome: str) -> bool:
        """Whether it was still unfinished."""
        storage, identity = self.study._storage, trial._trial_id

        def fail() -> bool:
            try:
                storage.set_trial_user_attr(identity, chains.OUTCOME, outcome)
                return storage.set_trial_state_values(identity, state=TrialState.FAIL)
            except UpdateFinishedTrialError:
                return False

        return self._patience(fail)

    def set(self, trial: Trial, name: str, value: Any) -> None:
        """Raises UpdateFinishedTrialError where the trial was taken from us."""
        self._patience(lambda: trial.set_user_attr(name, value))

    def report(self, trial: Trial, value: float, epoch: int) -> bool:
        """Whether the trial shall be given up; raises as `set`."""
        self._patience(lambda: trial.report(value, epoch))
        return self._patience(trial.should_prune)

    def constrain(self, trial: Trial, violations: Mapping[str, float]) -> None:
        for name, value in violations.items():
            self._patience(lambda name=name, value=value: trial.set_constraint(name, value))  # type: ignore[misc]

    def finish(
        self,
        trial: Trial,
        state: TrialState,
        attrs: Mapping[str, Any],
        values: Sequence[float] | None = None,
    ) -> None:
        """Once and for all; that it is done already is no error, since an answer may get lost."""
        with suppress(UpdateFinishedTrialError):
            for name, value in attrs.items():
                self.set(trial, name, value)
            self._patience(
                lambda: self.study.tell(trial, values, state=state, skip_if_finished=True)
            )


def _complete(
    study: optuna.Study,
    definition: Definition,
    points: Sequence[Mapping[str, Any]],
    patience: Patience,
) -> None:
    """Adds what makes a study one of ours; the definition last, since with it the study counts."""
    is_first = not patience(lambda: study.user_attrs.get(_CREATED))
    patience(lambda: study.set_user_attr(_CREATED, True))
    deadline = time.monotonic() + (0 if is_first else _CREATION_SECONDS)
    while not patience(lambda: _DEFINITION in study.user_attrs):
        if time.monotonic() < deadline:  # somebody else is at it, or was
            time.sleep(_FIRST_PAUSE_SECONDS)
            continue
        there = len(patience(lambda: study.get_trials(deepcopy=False)))
        for point in points[there:]:
            patience(lambda point=point: study.enqueue_trial(dict(point)))  # type: ignore[misc]
        patience(lambda: study.set_user_attr(_DEFINITION, definition.model_dump_json()))
