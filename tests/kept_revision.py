"""The version that Optuna's tables should have is looked up once, and not for each storage.

It imports a dozen files of its own for that, which takes as long as to draw several points.
"""

from typing import Any

from optuna.storages import RDBStorage
from optuna.storages._rdb.storage import _VersionManager

_look_up = _VersionManager.get_head_version
_kept: list[str] = []


def keep() -> None:
    """For the rest of the process, and for its forks."""
    _VersionManager.get_head_version = _get_head_version
    RDBStorage("sqlite://").remove_session()


def _get_head_version(manager: Any) -> str:
    if not _kept:
        _kept.append(_look_up(manager))
    return _kept[0]
