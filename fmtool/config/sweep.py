"""Expands Hydra's sweep grammar: `a,b`, `choice(a,b)`, `range(1,4)`, `glob(*)` into jobs."""

from itertools import product
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, IntervalSweep, Override
from hydra.errors import HydraException

from fmtool.config import compose, firewall
from fmtool.errors import UsageError


def expand(
    overrides: list[str], folders: tuple[Path, ...]
) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    """For each job the overrides that vary, and all of its overrides; the last one varies fastest.

    Raises UsageError for a list that Hydra's grammar does not have or that names nothing.
    """
    firewall.check_overrides(overrides)
    parsed = _parsed(overrides)
    choices = [_choices(override, folders) for override in parsed]
    varies = [override.is_sweep_override() for override in parsed]
    return [
        (tuple(word for word, is_varied in zip(words, varies, strict=True) if is_varied), words)
        for words in product(*choices)
    ]


def _parsed(overrides: list[str]) -> list[Override]:
    try:
        return OverridesParser.create().parse_overrides(overrides)
    except HydraException as error:
        raise UsageError(
            str(error).splitlines()[0], fix="see `fmtool train --help` for the grammar of overrides"
        ) from error


def _choices(override: Override, folders: tuple[Path, ...]) -> list[str]:
    if not override.is_sweep_override():
        return [override.input_line or ""]
    key, value = override.get_key_element(), override.value()
    if isinstance(value, IntervalSweep):
        raise UsageError(
            f"'{override.input_line}': an interval has no fixed list of values to sweep",
            fix=f"write {key}=a,b,c or {key}=range(start,stop,step)",
        )
    if isinstance(value, Glob):
        names = value.filter(compose.options(override.key_or_group, folders))
        if not names:
            raise UsageError(
                f"'{override.input_line}': no option of {override.key_or_group} matches",
                fix=f"one of {', '.join(compose.options(override.key_or_group, folders))}",
            )
        return [f"{key}={name}" for name in names]
    return [f"{key}={element}" for element in override.sweep_string_iterator()]


def values(override: str, folders: tuple[Path, ...]) -> list[str] | None:
    """The values that an override sweeps over, as the texts behind the =; None where it has one.

    Raises UsageError as `expand` does.
    """
    firewall.check_overrides([override])
    parsed = _parsed([override])[0]
    if not parsed.is_sweep_override():
        return None
    return [each.partition("=")[2] for each in _choices(parsed, folders)]


def value(override: str) -> Any:
    """The value of an override that sweeps over nothing, as YAML would hold it."""
    return _parsed([override])[0].value()
