"""The config of a data set from the keys that a user types without the group."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def configured(
    option: str,
    typed: Mapping[str, str],
    values: Mapping[str, Any] | None = None,
    *,
    folders: tuple[Path, ...] = (),
) -> Any:
    """The validated config of `data=option`; UsageError for a key or value that it has not.

    Args:
        typed: words by key, with or without the group.
        values: others, in JSON types, which those that are typed replace.
        folders: with YAML files of the user's own.
    """
    return validated(composed(option, typed, folders), typed, values or {})


def composed(
    option: str, typed: Mapping[str, str], folders: tuple[Path, ...] = ()
) -> dict[str, Any]:
    """The training that `data=option` and its keys would begin, in JSON types."""
    from fmtool.config.arguments import prepare
    from fmtool.config.compose import compose

    overrides = [prepare(f"data.{key}={value}") for key, value in _own(typed).items()]
    return compose("train", [f"data={option}", *overrides], folders=folders)


def validated(
    training: Mapping[str, Any], typed: Mapping[str, str], values: Mapping[str, Any]
) -> Any:
    """The config of the data of a training, with some values; see `configured`."""
    from fmtool import validate

    others = {key: value for key, value in values.items() if key not in _own(typed)}
    return validate.option("data", training["data"] | others)


def _own(typed: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix("data."): value for key, value in typed.items()}
