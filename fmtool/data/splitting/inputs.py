"""The artifact inputs.json of a run: what is done to samples on the host, fitted on training rows.

One object, an entry for each kind: `levels` of pictures of more than 8 bits; of rows of numbers
`origin`, what is taken off each column, and `columns`, their names.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fmtool.errors import DataError
from fmtool.runs.layout import INPUTS

_LEVELS = "levels"
_ORIGIN = "origin"
_COLUMNS = "columns"


class Levels(NamedTuple):
    """The values of pictures of more than 8 bits that become 0 and 255."""

    low: float
    high: float


def encode(entries: Mapping[str, Any]) -> dict[str, str]:
    """`Splits.artifacts` with the entries, in JSON types."""
    return {INPUTS: json.dumps(entries, indent=2, sort_keys=True) + "\n"}


def decode(artifacts: Mapping[str, str]) -> dict[str, Any]:
    """The entries; none where the run has no such file. DataError for one that is damaged."""
    try:
        found = json.loads(artifacts.get(INPUTS, "{}"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise DataError(f"{INPUTS} of the run is damaged", fix="restore the file, or train again")
    return found


def entry_of_levels(levels: Levels) -> dict[str, Any]:
    return {_LEVELS: {"low": levels.low, "high": levels.high}}


def levels_in(entries: Mapping[str, Any]) -> Levels | None:
    """The levels among the entries, None for none; DataError where they are damaged."""
    found = entries.get(_LEVELS)
    if found is None:
        return None
    try:
        levels = Levels(float(found["low"]), float(found["high"]))
    except (TypeError, KeyError, ValueError):
        levels = Levels(0, 0)
    if not levels.low < levels.high:
        fix = "restore the file, or train again"
        raise DataError(f"the levels in {INPUTS} of the run are damaged", fix=fix)
    return levels


def entries_of_numbers(
    origins: Sequence[int | float] | None, columns: Sequence[str] | None
) -> dict[str, Any]:
    """The entries of rows of numbers; none where nothing is taken off and nothing has a name."""
    found = {_ORIGIN: origins, _COLUMNS: columns}
    return {key: list(values) for key, values in found.items() if values is not None}


def origins_in(entries: Mapping[str, Any], *, width: int) -> tuple[int | float, ...] | None:
    """The numbers taken off each of `width` columns, None for nothing; DataError where damaged."""
    return _listed(entries, _ORIGIN, (int, float), width)


def columns_in(entries: Mapping[str, Any], *, width: int) -> tuple[str, ...] | None:
    """The names of `width` columns, None where they have none; DataError where damaged."""
    return _listed(entries, _COLUMNS, (str,), width)


def _listed(
    entries: Mapping[str, Any], key: str, types: tuple[type, ...], width: int
) -> tuple[Any, ...] | None:
    found = entries.get(key)
    if found is None:
        return None
    if not (
        isinstance(found, list)
        and len(found) == width
        and all(type(each) in types and not _is_endless(each) for each in found)
    ):
        fix = "restore the file, or train again"
        raise DataError(f"the entry '{key}' of {INPUTS} is damaged", fix=fix)
    return tuple(found)


def _is_endless(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
