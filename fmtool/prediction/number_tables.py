"""Rows of numbers in tables, a column for each number that the model reads."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.delimited import Row, read_table
from fmtool.data.table_style import Style
from fmtool.data.text_lines import LineError
from fmtool.errors import DataError
from fmtool.prediction.blocks import Block, Item, of_items
from fmtool.prediction.sources import Source


def read(source: Source, width: int, style: Style, size: int) -> Iterator[Block]:
    """Blocks of up to `size` rows of `width` numbers, in the order of the columns.

    Raises DataError for a table of other columns, or without their names.
    """

    def to_samples(rows: list[NDArray[np.float32]]) -> NDArray[Any]:
        return np.array(rows, np.float32).reshape(-1, width)

    items = (item for path in source.paths for item in _items(source, path, width, style))
    yield from of_items(items, size, to_samples)


def _items(
    source: Source, path: Path, width: int, style: Style
) -> Iterator[Item[NDArray[np.float32]]]:
    problems: list[DataError] = []

    def drained() -> Iterator[Item[NDArray[np.float32]]]:
        while problems:
            problem = problems.pop(0)
            yield source.name_of(path, getattr(problem, "line", "")), problem

    table = read_table(path, style, problems.append, is_kept=False)
    _check_header(table.columns, path, width)
    for row in table.rows:
        yield from drained()
        yield source.name_of(path, row.line), _numbers(row, table.columns, path)
    yield from drained()


def _check_header(columns: Sequence[str], path: Path, width: int) -> None:
    if len(columns) != width:
        raise LineError(
            path,
            1,
            f"{len(columns)} columns, the model reads {width} numbers",
            fix="give it a column for each, in the order of the training, and no others",
        )
    are_numbers = all(_number(name) is not None for name in columns)
    # A table made of an array has the numbers of its columns in the header.
    if are_numbers and list(columns) != [str(place) for place in range(width)]:
        raise LineError(
            path,
            1,
            "numbers, where the names of the columns are expected",
            fix="write a line with their names above, or set data.header=false",
        )


def _numbers(row: Row, columns: Sequence[str], path: Path) -> NDArray[np.float32] | DataError:
    values = []
    for name, cell in zip(columns, row.cells, strict=True):
        value = _number(cell)
        if value is None:
            what = f"column '{name}' holds {cell[:40]!r}, expected a number that float32 can hold"
            return LineError(path, row.line, what, fix="fill or remove what is missing")
        values.append(value)
    return np.array(values, np.float32)


def _number(cell: str) -> np.float32 | None:
    """None for what is no number, NaN, infinite, or too large for float32."""
    try:
        with np.errstate(over="ignore"):
            value = np.float32(float(cell))
    except ValueError:
        return None
    return value if np.isfinite(value) else None
