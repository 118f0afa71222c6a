"""The pictures that a table names, in the order of its rows."""

from collections.abc import Iterator
from pathlib import Path

from fmtool.data.reading.delimited import read_table
from fmtool.data.reading.picture_columns import required_column
from fmtool.data.reading.table_paths import FilesBelow, relative
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.text_lines import LineError
from fmtool.errors import DataError
from fmtool.prediction.sources import Inputs

Entry = tuple[str, Path | DataError]
"""The name of a picture in the output, and its path, or why it cannot be read."""


def read(source: Inputs, *, column: str | None, style: Style) -> list[Entry]:
    """An entry for each row; no picture is opened.

    Args:
        column: with the paths, which begin at the folder of the table; None for a usual name.

    Raises DataError for a table without such a column, or that cannot be read to its end.
    """
    return [entry for path in source.paths for entry in _entries(source, path, column, style)]


def _entries(source: Inputs, path: Path, column: str | None, style: Style) -> Iterator[Entry]:
    problems: list[DataError] = []
    table = read_table(path, style, problems.append, wanted=[column] if column else [])
    place = required_column(path, table.columns, "path", column)
    files = FilesBelow(path.parent)
    for line, cells in table.rows:
        while problems:
            yield _name(source, path, problems[0]), problems.pop(0)
        cell = cells[place].strip()
        try:
            file = files.place(relative(cell))
            files.check(file)
        except DataError as error:
            yield cell, LineError(path, line, error.message, fix=error.fix)
        else:
            yield str(file), file
    for problem in problems:
        yield _name(source, path, problem), problem


def _name(source: Inputs, path: Path, problem: DataError) -> str:
    return source.name_of(path, getattr(problem, "line", ""))
