"""The command of a sweep, taken apart: the keys of the sweep, and the trainings of the rest."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fmtool.config.arguments import Arguments, top_key
from fmtool.errors import UsageError

from .flags import Flags

if TYPE_CHECKING:
    from fmtool.sweeping.workflow import Sweep

_OWN_KEYS = ("seeds", "sweep")


def read(
    config_name: str, arguments: Arguments, folders: tuple[Path, ...], flags: Flags
) -> "Sweep":
    """Every job is composed and validated, and nothing begun.

    Raises UsageError or Refused for the first job that is not accepted.
    """
    from fmtool import registry, validate
    from fmtool.config import compose
    from fmtool.jobs.process import TrainingCommand
    from fmtool.sweeping.config import OwnConfig
    from fmtool.sweeping.jobs import jobs_of
    from fmtool.sweeping.workflow import Sweep

    registry.load_plugins(flags.plugins)
    own = [each for each in arguments.overrides if top_key(each) in _OWN_KEYS]
    cfg = validate.keys_of(OwnConfig, compose.compose("sweep", own, folders=folders), prefix="")
    others = [each for each in arguments.overrides if each not in own]
    command = TrainingCommand(config_name, folders=folders, plugins=tuple(flags.plugins))
    return Sweep(command, jobs_of(command, others, seeds=cfg.seeds), cfg.sweep)


def require_none(overrides: Sequence[str]) -> None:
    """Raises UsageError for a key of sweeps in the command of one training."""
    for each in overrides:
        if top_key(each) in _OWN_KEYS:
            raise UsageError(
                f"{each} is for sweeps, and this is one training", fix="add -m, or leave it out"
            )
