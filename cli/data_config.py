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
    from fmtool import validate
    from fmtool.config.arguments import prepare
    from fmtool.config.compose import compose

    own = {key.removeprefix("data."): value for key, value in typed.items()}
    overrides = [prepare(f"data.{key}={value}") for key, value in own.items()]
    composed = compose("train", [f"data={option}", *overrides], folders=folders)["data"]
    others = {key: value for key, value in (values or {}).items() if key not in own}
    return validate.option("data", composed | others)
