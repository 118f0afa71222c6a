"""Every private part of Optuna that fmtool uses; imported where Optuna is."""

from optuna import Study
from optuna.storages import BaseStorage
from optuna.storages.journal._file import BaseJournalFileLock as JournalFileLock
from optuna.trial import FrozenTrial, Trial

from fmtool.compat.private import require

__all__ = ["VERSIONS", "JournalFileLock", "ask_for_id", "check", "id_of", "storage_of"]

VERSIONS = ">=5,<5.1"

_PARTS = (
    "optuna.Study._storage",
    "optuna.Study._study_id",
    "optuna.Study._thread_local",
    "optuna.Study._pop_waiting_trial_id",
    "optuna.study.study._ThreadLocalStudyAttribute.cached_all_trials",
    "optuna.trial.Trial._trial_id",
    "optuna.trial.FrozenTrial._trial_id",
    "optuna.storages.journal._file.BaseJournalFileLock",
)


def check() -> None:
    """Raises UsageError where the installed Optuna lacks a part."""
    require("optuna", VERSIONS, _PARTS)


def storage_of(study: Study) -> BaseStorage:
    """The storage that a study was made with."""
    return study._storage


def id_of(trial: Trial | FrozenTrial) -> int:
    """The number of a trial in its storage, which is not that in its study."""
    return trial._trial_id


def ask_for_id(study: Study) -> int:
    """Optuna's `ask`, up to the moment from which the trial is somebody's: one waiting, or new."""
    study._thread_local.cached_all_trials = None
    waiting = study._pop_waiting_trial_id()
    return study._storage.create_new_trial(study._study_id) if waiting is None else waiting
