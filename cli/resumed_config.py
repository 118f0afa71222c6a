"""The config of `fmtool train resume=RUN`: the run's own, with what was typed on top."""

from pathlib import Path
from typing import Any

from fmtool.config import compose as composition
from fmtool.config.arguments import top_key
from fmtool.errors import UsageError
from fmtool.runs.containment import require_contained
from fmtool.runs.find import find
from fmtool.runs.layout import RunPaths
from fmtool.runs.saved_config import read_run_config

_OF_THE_REQUEST = ("resume", "allow_change", "gate", "tags", "dry_run")
"""Say how it goes on this time; never taken from the run, unless nothing is typed."""


def compose(
    requested: dict[str, Any], overrides: list[str], folders: tuple[Path, ...]
) -> tuple[Path, dict[str, Any]]:
    """The run directory that `requested`, the composed command line, names, and its config.

    A group typed anew replaces the run's; whether a change is allowed is decided later.
    Raises UsageError for a run or a key that is not there, DataError for a path that is not a run,
    Refused for a run whose files lead out of it.
    """
    if requested["dry_run"]:
        raise UsageError(
            "dry_run=true does not go together with resume=RUN", fix="leave one of them out"
        )
    if _is_typed("experiment", overrides):
        raise UsageError(
            "experiment= does not go together with resume=RUN, whose config is the run's own",
            fix="leave one of them out",
        )
    directory = find(str(requested["resume"]), Path(str(requested["runs_dir"])))
    require_contained(directory)
    saved = read_run_config(RunPaths(directory).config)
    own = {key: requested[key] for key in _OF_THE_REQUEST if _is_typed(key, overrides)}
    others = [each for each in overrides if top_key(each) not in _OF_THE_REQUEST]
    raw = composition.override_saved(
        {**requested, **saved}, others, groups_allowed=tuple(requested), folders=folders
    )
    return directory, _decided(raw, saved) | own


def _decided(raw: dict[str, Any], saved: dict[str, Any]) -> dict[str, Any]:
    """`raw` with what the run decided for each `auto` that was typed again."""
    return {
        key: _decided(value, saved[key])
        if isinstance(value, dict) and isinstance(saved.get(key), dict)
        else saved.get(key, value)
        if value == "auto"
        else value
        for key, value in raw.items()
    }


def _is_typed(key: str, overrides: list[str]) -> bool:
    return any(top_key(each) == key for each in overrides)
