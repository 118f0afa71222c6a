"""Guesses which columns of a table hold what, by their names and by what is in them."""

import re
from collections.abc import Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from fmtool.class_names import is_number
from fmtool.data.inspection.findings import Problems
from fmtool.data.reading import image_files
from fmtool.data.reading.delimited import read_table
from fmtool.data.reading.number_columns import is_header_of_numbers
from fmtool.data.reading.picture_columns import USUAL_NAMES
from fmtool.data.reading.problems import Report
from fmtool.data.reading.table_checks import is_like_below
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.text_tables import has_json_lines, read_objects
from fmtool.errors import DataError

USUAL_TEXT_NAMES = ("text", "sentence", "content", "review", "message", "document")
DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")
"""A number with a comma before its fraction."""
_ANY = Style()
LOOKED_AT = 200
"""Rows, at the beginning."""


class Beginning(NamedTuple):
    """The header of a table and its first rows; of JSON objects, the keys of the first.

    Args:
        style: how a training has to read it.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    style: Style = Style()

    def values(self, column: str) -> list[str]:
        place = self.columns.index(column)
        return [row[place] for row in self.rows]


def beginning_of(path: Path, style: Style = _ANY) -> Beginning:
    """DataError if there is no header that could be read.

    Args:
        style: what is known of it; a header and quotes are looked for where it does not say.
    """
    report = Problems().report
    if has_json_lines(path):
        found = [row for _, row in islice(read_objects(path, style, report), LOOKED_AT)]
        names = list(found[0]) if found else []
        cells = [[str(row.get(name, "")) for name in names] for row in found]
        return Beginning(names, cells, style)
    try:
        beginning = _beginning(path, style, report)
    except DataError:
        if style.has_header is not None:
            raise
        # A row with a value twice makes no header; names may be there twice as well.
        whole = _beginning(path, style._replace(has_header=False), report)
        if not _begins_with_numbers(whole):
            raise
        return whole
    is_row = is_header_of_numbers(beginning.columns) or any(
        _is_a_row(beginning, place) for place in range(len(beginning.columns))
    )
    if style.has_header is None and is_row and not _names_numbers(beginning):
        return _beginning(path, style._replace(has_header=False), report)
    return beginning


def _names_numbers(table: Beginning) -> bool:
    """True where a name that is no number stands above numbers alone."""
    cells = {name: table.values(name) for name in table.columns if not is_number(name)}
    return any(below and all(map(_is_decimal, below)) for below in cells.values())


def _is_decimal(cell: str) -> bool:
    return is_number(cell) or DECIMAL_COMMA.fullmatch(cell) is not None


def _begins_with_numbers(table: Beginning) -> bool:
    """True where the first row holds numbers as those below it do."""
    first, *below = table.rows or [()]
    return any(
        _is_decimal(cell) and all(_is_decimal(row[place]) for row in below)
        for place, cell in enumerate(first)
    )


def has_loose_quotes(path: Path, style: Style) -> bool:
    """True where `"` is a character like any other: rows are wrong with quotes, none without."""
    if has_json_lines(path) or not style.has_quotes:
        return False
    return bool(_wrong_rows(path, style)) and not _wrong_rows(
        path, style._replace(has_quotes=False)
    )


def _wrong_rows(path: Path, style: Style) -> int:
    problems = Problems()
    try:
        for _ in read_table(path, style, problems.report).rows:
            pass
    except DataError as error:
        problems.report(error)
    return len(problems.found)


def _beginning(path: Path, style: Style, report: Report) -> Beginning:
    table = read_table(path, style, report)
    rows = [[cell.strip() for cell in row.cells] for row in islice(table.rows, LOOKED_AT)]
    return Beginning(table.columns, rows, style)


def _is_a_row(table: Beginning, place: int) -> bool:
    """True where the name of a column looks like a path or a class below it."""
    cells, name = [row[place] for row in table.rows], table.columns[place]
    below = set(cells)
    is_path = is_like_below("path", name, below) and _share_of_pictures(cells) > 0.5
    return is_path or (len(below) <= len(cells) / 2 and is_like_below("label", name, below))


def path_column(table: Beginning) -> str | None:
    """The column that names pictures."""
    return next(
        (
            name
            for name in _usual_first(table.columns, USUAL_NAMES["path"])
            if _share_of_pictures(table.values(name)) > 0.5
        ),
        None,
    )


def text_column(table: Beginning) -> str | None:
    """The column with a usual name, else the one with the longest cells."""
    usual = [name for name in table.columns if name.casefold() in USUAL_TEXT_NAMES]
    lengths = {name: sum(map(len, table.values(name))) for name in usual or table.columns}
    return max(lengths, key=lambda name: lengths[name], default=None)


def label_column(table: Beginning, *, beside: str | None) -> str | None:
    """The column with a usual name, else the one with the fewest values that repeat."""
    others = [
        name
        for name in table.columns
        if name != beside and name.casefold() not in USUAL_NAMES["split"]
    ]
    usual = [name for name in others if name.casefold() in USUAL_NAMES["label"]]
    distinct = {name: len(set(table.values(name))) for name in usual or others}
    if usual or len(others) == 1:
        return next(iter(distinct))
    repeating = {n: count for n, count in distinct.items() if 1 < count <= len(table.rows) / 2}
    return min(repeating, key=lambda name: repeating[name], default=None)


def start_of_paths(table: Path, paths: Sequence[str]) -> str | None:
    """The folder beside the table, or `.`, from which most of the paths lead to files.

    None if none of them does.
    """
    named = [path for path in paths if path and not path.startswith("/") and ".." not in path]
    beside = (each for each in table.parent.iterdir() if each.is_dir() and not each.is_symlink())
    found = {
        folder: sum((table.parent / folder / path).is_file() for path in named)
        for folder in (".", *sorted(each.name for each in beside))
    }
    best = max(found, key=lambda folder: found[folder])
    return best if found[best] else None


def is_found_by_name(table: Beginning, key: str, name: str) -> bool:
    """True where a training finds the column without being told, `key` being path or label."""
    return [each for each in table.columns if each.casefold() in USUAL_NAMES[key]] == [name]


def _usual_first(columns: Sequence[str], usual: Sequence[str]) -> list[str]:
    return sorted(columns, key=lambda name: name.casefold() not in usual)


def _share_of_pictures(values: Sequence[str]) -> float:
    found = [PurePosixPath(value).suffix.lower() in image_files.SUFFIXES for value in values]
    return sum(found) / max(1, len(found))
