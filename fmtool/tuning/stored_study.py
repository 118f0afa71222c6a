"""A study in its storage, which may be away for a while: what is asked of it is asked patiently."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

import optuna
from optuna.trial import FrozenTrial, Trial

from fmtool.errors import UsageError
from fmtool.privacy import without_password
from fmtool.suggest import did_you_mean
from fmtool.tuning import damage
from fmtool.tuning import storage as storages
from fmtool.tuning.definition import Definition, StudySettings, read_definition, require_same
from fmtool.tuning.dimension import draw
from fmtool.tuning.retry_policy import RetryPolicy

_DEFINITION, _SETTINGS = "fmtool.definition", "fmtool.settings"


class StoredStudy:
    """A study, its definition and its settings, made by `create` or `load`."""

    def __init__(self, study: optuna.Study, url: str, patience: RetryPolicy) -> None:
        self.study, self.url, self._patience = study, url, patience
        attrs = patience(lambda: study.user_attrs)
        if _DEFINITION not in attrs:
            raise UsageError(
                f"study {study.study_name} was not made by fmtool", fix="use another study=NAME"
            )
        self.definition = read_definition(attrs[_DEFINITION], study.study_name)

    @classmethod
    def create(
        cls, url: str, definition: Definition, settings: StudySettings, *, patience: RetryPolicy
    ) -> Self:
        """The study of that name; the same one if it is there, with these settings from now on.

        Raises ConfigChanged if the one there is another search, and UsageError for an address that
        is none.
        """
        storages.check(url)
        with locked(url, patience):
            storage = patience(lambda: storages.connect(url))
            study = patience(
                lambda: optuna.create_study(
                    storage=storage,
                    study_name=definition.name,
                    directions=definition.directions,
                    load_if_exists=True,
                )
            )
            if not patience(lambda: _DEFINITION in study.user_attrs):
                # The definition last, since with it the study counts.
                patience(lambda: study.set_user_attr(_SETTINGS, settings.model_dump_json()))
                patience(lambda: study.set_user_attr(_DEFINITION, definition.model_dump_json()))
        store = cls.load(url, definition.name, patience=patience)
        require_same(store.definition, definition)
        store.set_settings(settings)
        return store

    @classmethod
    def load(cls, url: str, name: str, *, patience: RetryPolicy) -> Self:
        """Raises UsageError where the storage has no such study."""
        if storages.is_missing(url):
            raise UsageError(
                f"there is no study {name}: no file {without_password(url)}",
                fix="begin one with fmtool tune, or name the storage= of this one",
            )
        storages.check(url)
        damage.require_whole(url)
        storage = patience(lambda: storages.connect(url))
        try:
            study = patience(lambda: optuna.load_study(study_name=name, storage=storage))
        except KeyError as error:
            known = patience(lambda: optuna.get_all_study_names(storage))
            raise UsageError(
                f"there is no study {name} in {without_password(url)}",
                fix=did_you_mean(name, known, otherwise="begin one with fmtool tune"),
            ) from error
        return cls(study, url, patience)

    @property
    def settings(self) -> StudySettings:
        """As the last line that was typed says."""
        attrs = self._patience(lambda: self.study.user_attrs)
        return StudySettings.model_validate_json(attrs[_SETTINGS])

    def set_settings(self, settings: StudySettings) -> None:
        text = settings.model_dump_json()
        self._patience(lambda: self.study.set_user_attr(_SETTINGS, text))

    def trials(self) -> list[FrozenTrial]:
        """As they are now; not to be changed."""
        return self._patience(lambda: self.study.get_trials(deepcopy=False))

    def draw(self, trial: Trial) -> dict[str, Any]:
        """Values by the dimensions' names; raises as `set`."""
        return self._patience(lambda: draw(self.definition.dimensions, trial))

    def set(self, trial: Trial, name: str, value: Any) -> None:
        """Raises UpdateFinishedTrialError where the trial was taken from us."""
        self._patience(lambda: trial.set_user_attr(name, value))

    def report(self, trial: Trial, value: float, epoch: int) -> bool:
        """Reports a value; True where the trial shall be given up; raises as `set`."""
        self._patience(lambda: trial.report(value, epoch))
        return self._patience(trial.should_prune)

    def constrain(self, trial: Trial, name: str, violation: float) -> None:
        """Above 0 the trial does not count as one of the best; raises as `set`."""
        self._patience(lambda: trial.set_constraint(name, violation))


@contextmanager
def locked(url: str, patience: RetryPolicy) -> Iterator[None]:
    """Alone among the workers of this machine, where the storage does not see to it itself."""
    descriptor = patience(lambda: storages.lock(url))
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
