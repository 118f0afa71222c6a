"""Commands that start from a run: its config, the keys of their own, and what may be changed."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool.config import arguments
from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

from .flags import Flags

if TYPE_CHECKING:
    from fmtool.schema import SavedRunConfig


_GROUPS, _KEYS = ("data", "runtime"), ("eval_batch_size",)
"""Groups and keys of the run's config that may be set."""


@dataclass(frozen=True)
class RunInvocation:
    """The run, the config and the words of such a command.

    Args:
        cfg: the command's own config.
        saved: the run's, with what the command line says of it.
        data_words: what the command line says of the data, as it was typed.
    """

    cfg: Any
    saved: "SavedRunConfig"
    directory: Path
    data_words: tuple[str, ...]


@dataclass(frozen=True)
class CommandConfig:
    """The part of a command line that is of no run.

    Args:
        cfg: the command's own config.
        others: overrides of keys that it has not.
        typed: all words with a key, as they were typed.
    """

    cfg: Any
    others: list[str]
    typed: tuple[str, ...]
    folders: tuple[Path, ...]


def read(
    command: str,
    argv: Sequence[str],
    flags: Flags,
    *,
    own_keys: Sequence[str],
    validated: Callable[[dict[str, Any]], Any],
    paths: Sequence[str] = (),
) -> RunInvocation:
    """Finds the run and validates both configs.

    Args:
        own_keys: of the command, with which `validated` makes its config; the others are the run's.
        paths: those of the keys that hold paths in this command alone.

    Raises UsageError for what neither has.
    """
    own = read_own(command, argv, flags, own_keys=own_keys, validated=validated, paths=paths)
    return with_run(own, own_keys=own_keys, is_written=True)


def read_own(
    command: str,
    argv: Sequence[str],
    flags: Flags,
    *,
    own_keys: Sequence[str],
    validated: Callable[[dict[str, Any]], Any],
    paths: Sequence[str] = (),
) -> CommandConfig:
    """As far as no run is needed.

    Args:
        paths: those of the keys that hold paths in this command alone.
    """
    parsed = arguments.parse(list(argv), paths=paths, bare="run")
    if parsed.multirun or parsed.asks_for_information or parsed.config_name:
        raise UsageError(
            f"{command} takes no -m, -cn, --cfg or --info",
            fix=f"see fmtool {command} --help",
        )

    from fmtool import registry
    from fmtool.config import compose
    from fmtool.config.folders import user_folders

    registry.load_plugins(flags.plugins)
    folders = user_folders(parsed.config_dirs)
    own = [each for each in parsed.overrides if arguments.top_key(each) in own_keys]
    cfg = validated(compose.compose(command, own, folders=folders))
    others = [each for each in parsed.overrides if each not in own]
    return CommandConfig(cfg, others, tuple(parsed.typed), folders)


def with_run(
    own: CommandConfig, *, own_keys: Sequence[str], is_written: bool = False
) -> RunInvocation:
    """The run that `own.cfg` names, and its config with what the others say of it.

    Args:
        is_written: whether the command writes into the run, which then may not lead out of itself.
    """
    from fmtool import validate
    from fmtool.config import compose
    from fmtool.runs.containment import require_contained
    from fmtool.runs.find import find
    from fmtool.runs.layout import RunPaths
    from fmtool.runs.sameness import require_unedited
    from fmtool.runs.saved_config import read_run_config

    directory = find(own.cfg.run, Path(own.cfg.runs_dir))
    if is_written:
        require_contained(directory)
    paths = RunPaths(directory)
    saved = read_run_config(paths.config)
    check_known(own.others, {*saved, *own_keys})
    raw = compose.override_saved(
        saved,
        own.others,
        groups_allowed=_GROUPS,
        keys_allowed=_KEYS,
        folders=own.folders,
    )
    # Only now that nothing in it can run code or read secrets, and before what is typed hides it.
    validate.of_file(validate.saved_run_config, saved, paths.config)
    keys = [_key(word) for word in own.typed]
    require_unedited(paths, typed=keys, typable=(*_GROUPS, *_KEYS))
    words = tuple(word for word, key in zip(own.typed, keys, strict=True) if _says_which_data(key))
    return RunInvocation(own.cfg, validate.saved_run_config(raw), directory, words)


def _key(word: str) -> str:
    return word.lstrip("+~").partition("=")[0]


def _says_which_data(key: str) -> bool:
    return arguments.top_key(key) == "data" and key != "data.storage"


def check_known(overrides: Sequence[str], known: Collection[str]) -> None:
    """UsageError for a key that neither the command nor the run has."""
    for override in overrides:
        key = arguments.top_key(override)
        if key not in known and not key.startswith("hydra"):
            raise UsageError(f"unknown key '{key}'", fix=did_you_mean(key, known))
