"""Guesses which columns of a table are the target, and what kind of target they are."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from fmtool.class_names import is_number
from fmtool.data.inspection.columns import Beginning, label_column
from fmtool.data.inspection.findings import Key
from fmtool.data.reading.picture_columns import USUAL_NAMES
from fmtool.data.reading.target_columns import TargetColumns

_SEPARATORS = (";", "|", ",")
_SHARE_OF_LISTS = 0.1
"""Share of cells with a separator from which on a column holds lists of classes."""


class Guessed(NamedTuple):
    """The column of labels, if there is one, what it holds, and the keys that say so."""

    label: str | None
    columns: TargetColumns
    keys: dict[str, Key]


def guess_target(table: Beginning, *, beside: str | None, named: str | None = None) -> Guessed:
    """The target of a table.

    Args:
        beside: the column of samples.
        named: the column of labels, if it is known.
    """
    label = named if named in table.columns else label_column(table, beside=beside)
    is_usual = label is not None and (label == named or label.casefold() in USUAL_NAMES["label"])
    columns = _columns_of_ones(table, beside)
    if not is_usual and len(columns) > 1:
        key = Key(list(columns), "0 or 1 for each class")
        return Guessed(None, TargetColumns("labels", tuple(columns)), {"label_columns": key})
    if label is None:
        label = _column_of_numbers(table, beside)
    if label is None:
        return Guessed(None, TargetColumns(), {})
    cells = [cell for cell in table.values(label) if cell]
    if _are_fractions(cells):
        key = Key("numbers", "each cell is a decimal number")
        return Guessed(label, TargetColumns("numbers"), {"target": key})
    separator = next((each for each in _SEPARATORS if _are_lists(cells, each)), None)
    if separator is None:
        return Guessed(label, TargetColumns(), {})
    keys = {"target": Key("labels", f"several classes in a cell, with {separator} between")}
    if separator != TargetColumns().separator:
        keys["label_separator"] = Key(separator)
    return Guessed(label, TargetColumns("labels", (), separator), keys)


def _others(table: Beginning, beside: str | None) -> list[str]:
    splits = USUAL_NAMES["split"]
    return [name for name in table.columns if name != beside and name.casefold() not in splits]


def _columns_of_ones(table: Beginning, beside: str | None) -> list[str]:
    """The columns of zeros and ones, both of which are there."""
    return [name for name in _others(table, beside) if set(table.values(name)) == {"0", "1"}]


def _column_of_numbers(table: Beginning, beside: str | None) -> str | None:
    fractions = (name for name in _others(table, beside) if _are_fractions(table.values(name)))
    return next(fractions, None)


def _are_fractions(cells: Sequence[str]) -> bool:
    """True where all are decimal numbers, and not all of them are whole."""
    return bool(cells) and all(map(is_number, cells)) and any(float(cell) % 1 for cell in cells)


def _are_lists(cells: Sequence[str], separator: str) -> bool:
    """True where cells are lists of classes: their parts repeat, and are no more than the cells."""
    lists = [cell for cell in cells if separator in cell]
    of_cells = [{part.strip() for part in cell.split(separator)} - {""} for cell in set(cells)]
    parts = Counter(part for found in of_cells for part in found)
    return (
        len(lists) > _SHARE_OF_LISTS * len(cells)
        and max(parts.values()) > 1
        and len(parts) <= len(of_cells)
    )
