"""Finds the columns of a table of numbers: those to learn from, and the one that is learnt."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fmtool.class_names import is_number
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.target_columns import TargetColumns
from fmtool.data.reading.text_lines import LineError
from fmtool.suggest import did_you_mean

USUAL_LABELS = ("label", "class", "category", "target")
"""The names, in any case, of the column that is learnt where a user does not name it."""
USUAL_SPLIT = "split"
_SHOWN = 12
"""Names in a message."""


class Columns(NamedTuple):
    """The columns that a user names.

    Args:
        numbers: those to learn from; None for all others.
        ignored: of these, those that are not to be read.
        label: None for one with a usual name.
        target: what labels are.
    """

    numbers: tuple[str, ...] | None = None
    ignored: tuple[str, ...] = ()
    label: str | None = None
    split: str | None = None
    target: TargetColumns = TargetColumns()

    @property
    def wanted(self) -> tuple[str, ...]:
        """The names by which the delimiter of a table may be told."""
        labels = self.target.names or (() if self.label is None else (self.label,))
        return (*labels, *(self.numbers or self.ignored))


class Places(NamedTuple):
    """The cells of a row that are used, and the names of their columns."""

    numbers: tuple[int, ...]
    names: tuple[str, ...]
    labels: tuple[int, ...]
    label_names: tuple[str, ...]
    split: int | None

    @property
    def label(self) -> str:
        """The name of the first column that is learnt."""
        return self.label_names[0]


def places_of(path: Path, found: Sequence[str], columns: Columns, style: Style) -> Places:
    """The places of the columns among those that were found.

    Raises LineError where one is not there, or where the first line names none.
    """
    _require_header(path, found, style)
    labels = tuple(_place(path, found, name, "label_columns") for name in columns.target.names)
    if not labels:
        labels = (_label(path, found, columns.label),)
    split = _split(path, found, columns.split)
    taken = {*labels, split}
    if columns.numbers is not None:
        numbers = tuple(_place(path, found, name, "columns") for name in columns.numbers)
        twice = [found[place] for place in numbers if place in taken]
        if twice:
            what = f"column '{twice[0]}' is learnt, or names the split"
            raise LineError(path, 1, what, fix="leave it out of data.columns")
    else:
        for name in columns.ignored:
            _place(path, found, name, "ignore_columns")
        numbers = tuple(
            place
            for place, name in enumerate(found)
            if place not in taken and name not in columns.ignored
        )
    if not numbers:
        raise LineError(path, 1, "no columns of numbers beside it", fix="add some to learn from")
    names = tuple(found[place] for place in numbers)
    return Places(numbers, names, labels, tuple(found[place] for place in labels), split)


def is_header_of_numbers(found: Sequence[str]) -> bool:
    """True where the names of columns are numbers, and do not count them."""
    counts = [str(place) for place in range(len(found))]
    return bool(found) and all(map(is_number, found)) and list(found) != counts


def _require_header(path: Path, found: Sequence[str], style: Style) -> None:
    if style.has_header is None and is_header_of_numbers(found):
        raise LineError(
            path,
            1,
            "numbers, where the names of the columns are expected",
            fix=f"set data.header=false data.label_column={len(found) - 1}, or another number of "
            "the column that is learnt",
        )


def _label(path: Path, found: Sequence[str], name: str | None) -> int:
    if name is not None:
        return _place(path, found, name, "label_column")
    places = [place for place, each in enumerate(found) if each.casefold() in USUAL_LABELS]
    if len(places) == 1:
        return places[0]
    if places:
        names = " or ".join(found[place] for place in places)
        what = f"the column that is learnt may be {names}"
        raise LineError(path, 1, what, fix="name it by data.label_column")
    shown = ", ".join(found[:_SHOWN]) + (", ..." if len(found) > _SHOWN else "")
    raise LineError(
        path,
        1,
        f"no column {', '.join(USUAL_LABELS)}, but {shown}",
        fix="name the one that is learnt by data.label_column",
    )


def _split(path: Path, found: Sequence[str], name: str | None) -> int | None:
    if name is not None:
        return _place(path, found, name, "split_column")
    return next((place for place, each in enumerate(found) if each.casefold() == USUAL_SPLIT), None)


def _place(path: Path, found: Sequence[str], name: str, key: str) -> int:
    if name not in found:
        fix = f"{did_you_mean(name, found)} in data.{key}"
        raise LineError(path, 1, f"no column '{name}'", fix=fix)
    return found.index(name)
