"""Finds the columns of a table of pictures, by the names that a user gave or by usual ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fmtool.data.reading.target_columns import TargetColumns
from fmtool.errors import DataError
from fmtool.suggest import did_you_mean

USUAL_NAMES = {
    "path": ("path", "file", "filename", "file_name", "filepath", "image"),
    "label": ("label", "class", "category"),
    "split": ("split",),
}
"""The names of columns where a user does not name them, in any case."""


class Columns(NamedTuple):
    """The names that a user gave; None for a column with one of the usual names.

    Args:
        target: what labels are.
    """

    path: str | None
    label: str | None
    split: str | None
    target: TargetColumns = TargetColumns()


class Places(NamedTuple):
    """The cells of a row that are used, and the names of the columns of labels."""

    path: int
    labels: tuple[int, ...]
    names: tuple[str, ...]
    split: int | None


def places_of(path: Path, found: Sequence[str], columns: Columns) -> Places:
    """The places of the columns among those that were found; DataError where one is not there."""
    path_place = required_column(path, found, "path", columns.path)
    wanted = columns.target.names or (columns.label,)
    labels = tuple(required_column(path, found, "label", name) for name in wanted)
    if columns.split is None:
        split = _usual(path, found, "split")
    else:
        split = required_column(path, found, "split", columns.split)
    return Places(path_place, labels, tuple(found[n] for n in labels), split)


def required_column(path: Path, columns: Sequence[str], key: str, name: str | None) -> int:
    """The place of the column `name`, or of one with a usual name; DataError where there is none.

    Args:
        path: of the table, for messages.
        key: of `USUAL_NAMES`.
    """
    if name is not None:
        if name in columns:
            return columns.index(name)
        fix = did_you_mean(name, columns)
        raise DataError(f"{path}:1: no column '{name}'", fix=fix)
    found = _usual(path, columns, key)
    if found is None:
        usual = ", ".join(USUAL_NAMES[key])
        raise DataError(
            f"{path}:1: no column {usual}, but {', '.join(columns) or 'nothing'}",
            fix=f"name the columns in the first line, or set data.{key}_column, with "
            "data.header=false if there is no such line",
        )
    return found


def _usual(path: Path, columns: Sequence[str], key: str) -> int | None:
    places = [n for n, name in enumerate(columns) if name.casefold() in USUAL_NAMES[key]]
    if len(places) > 1:
        names = " or ".join(columns[place] for place in places)
        raise DataError(
            f"{path}:1: the column of the {key} may be {names}", fix=f"set data.{key}_column"
        )
    return places[0] if places else None
