"""Commands that start from a run: its config, the keys of their own, and what may be changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool.config import arguments
from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

from .flags import Flags

if TYPE_CHECKING:
    from fmtool.schema import SavedRunConfig


@dataclass(frozen=True)
class OfRun:
    """What such a command line comes to.

    Args:
        cfg: the command's own config.
        saved: the run's, with what the command line says of it.
    """

    cfg: Any
    saved: "SavedRunConfig"
    directory: Path


def read(
    command: str,
    argv: Sequence[str],
    flags: Flags,
    *,
    own_keys: Sequence[str],
    validated: Callable[[dict[str, Any]], Any],
) -> OfRun:
    """Finds the run and validates both configs.

    Args:
        own_keys: of the command, with which `validated` makes its config; the others are the run's.

    Raises UsageError for what neither has.
    """
    parsed = arguments.parse(list(argv))
    if parsed.multirun or parsed.asks_for_information or parsed.config_name:
        raise UsageError(
            f"{command} takes no -m, -cn, --cfg, --info or completion",
            fix=f"see fmtool {command} --help",
        )

    from fmtool import registry, validate
    from fmtool.config import compose
    from fmtool.runs.find import find
    from fmtool.runs.layout import RunPaths
    from fmtool.runs.saved_config import read_config

    registry.load_plugins(flags.plugins)
    folders = compose.user_folders(parsed.config_dirs)
    own = [each for each in parsed.overrides if arguments.top_key(each) in own_keys]
    cfg = validated(compose.compose(command, own, folders=folders))
    directory = find(cfg.run, Path(cfg.runs_dir))
    saved = read_config(RunPaths(directory).config)
    others = [each for each in parsed.overrides if each not in own]
    _check_known(others, {*saved, *own_keys})
    raw = compose.override_saved(
        saved,
        others,
        groups_allowed=("data", "runtime"),
        keys_allowed=("eval_batch_size",),
        folders=folders,
    )
    return OfRun(cfg, validate.saved_run_config(raw), directory)


def _check_known(overrides: list[str], known: set[str]) -> None:
    """UsageError for a key that neither the command nor the run has."""
    for override in overrides:
        key = arguments.top_key(override)
        if key not in known and not key.startswith("hydra"):
            raise UsageError(f"unknown key '{key}'", fix=did_you_mean(key, known))
