"""Rows of numbers in tables, with a column for each number that the model reads."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.class_names import is_number
from fmtool.data.reading.delimited import Row, read_table
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.text_lines import LineError
from fmtool.errors import DataError
from fmtool.prediction.blocks import Block, Item, of_items
from fmtool.prediction.number_columns import NumberColumns
from fmtool.prediction.sources import Inputs


def read(source: Inputs, columns: NumberColumns, style: Style, size: int) -> Iterator[Block]:
    """Blocks of up to `size` rows of the numbers of `columns`.

    Raises DataError for a table of other columns, or without their names.
    """

    def to_samples(rows: list[NDArray[np.float32]]) -> NDArray[Any]:
        return np.array(rows, np.float32).reshape(-1, columns.width)

    items = (item for path in source.paths for item in _items(source, path, columns, style))
    yield from of_items(items, size, to_samples)


def _items(
    source: Inputs, path: Path, columns: NumberColumns, style: Style
) -> Iterator[Item[NDArray[np.float32]]]:
    problems: list[DataError] = []

    def drained() -> Iterator[Item[NDArray[np.float32]]]:
        while problems:
            problem = problems.pop(0)
            yield source.name_of(path, getattr(problem, "line", "")), problem

    table = read_table(path, style, problems.append, is_kept=False)
    _check_header(table.columns, path)
    places = columns.places(table.columns, path)
    for row in table.rows:
        yield from drained()
        numbers = _numbers(row, table.columns, places, columns, style, path)
        yield source.name_of(path, row.line), numbers
    yield from drained()


def _check_header(found: Sequence[str], path: Path) -> None:
    # A table made of an array has the numbers of its columns in the header.
    is_counted = list(found) == [str(place) for place in range(len(found))]
    if found and all(map(is_number, found)) and not is_counted:
        raise LineError(
            path,
            1,
            "numbers, where the names of the columns are expected",
            fix="write a line with their names above, or set data.header=false",
        )


def _numbers(
    row: Row,
    found: Sequence[str],
    places: Sequence[int],
    columns: NumberColumns,
    style: Style,
    path: Path,
) -> NDArray[np.float32] | DataError:
    """The row in the order of the model; an error for the first cell that is not a number."""
    values = []
    for own, place in enumerate(places):
        cell = row.cells[place]
        value = columns.number(style.number(cell), own)
        if value is None:
            what = (
                f"column '{found[place]}' holds {cell[:40]!r}, expected a number that float32 can "
                "hold"
            )
            has_comma = is_number(cell.strip().replace(",", ".", 1))
            return LineError(
                path,
                row.line,
                what,
                fix="set data.decimal=comma" if has_comma else "fill or remove what is missing",
            )
        values.append(value)
    return np.array(values, np.float32)
