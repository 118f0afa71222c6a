"""Finds tables that are read as something else than they are: no header, a quote that swallows."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path, PurePosixPath

from fmtool.class_names import is_number
from fmtool.data.reading.delimited import Row, Table, read_table
from fmtool.data.reading.problems import Report
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.text_lines import LineError

LOOKED_AT = 200
"""Rows below the first line that it is compared with."""
_LONGEST_NAME = 60
"""Characters; a longer name of a column of texts is a text."""


def require_header(
    path: Path, style: Style, places: Mapping[str, int], stated: Mapping[str, str]
) -> None:
    """LineError where the first line, taken as the names of the columns, looks like a row.

    Args:
        places: of the columns that are used: `text` or `path`, and `label`.
        stated: the keys that would name the columns of a table without a header.
    """
    if style.has_header is not None:
        return
    table = read_table(path, style, lambda _: None)
    first = list(islice(table.rows, LOOKED_AT))
    for kind, place in places.items():
        name = table.columns[place]
        if is_like_below(kind, name, {row.cells[place].strip() for row in first}):
            keys = " ".join(f"{key}={places[each]}" for each, key in stated.items())
            raise LineError(
                path,
                1,
                f"no header: '{name[:40]}' looks like a {kind} of the rows below",
                fix=f"set data.header=false {keys}, or data.header=true if it names the column",
            )


def is_like_below(kind: str, name: str, below: set[str]) -> bool:
    """True where the name of a column may be another of the cells `below` it."""
    if not below or not name:
        return False
    if kind == "text":
        return len(name) > _LONGEST_NAME
    if kind == "path":
        ending = PurePosixPath(name).suffix.lower()
        return bool(ending) and ending in {PurePosixPath(cell).suffix.lower() for cell in below}
    return name in below or (is_number(name) and all(map(is_number, below)))


class Swallowed:
    """Finds fields with rows in them, which a quote that is not closed in its line has taken.

    Such a field is told from a text of several lines by the labels that its lines would have.

    Args:
        place: of the labels.
    """

    def __init__(self, path: Path, table: Table, place: int) -> None:
        self._path, self._place = path, place
        self._delimiter, self._width = table.delimiter, len(table.columns)
        self._labels: set[str] = set()
        self._suspects: list[tuple[int, int, set[str]]] = []
        """Line, how many lines the field takes, and the labels that they would have."""

    def see(self, row: Row) -> None:
        if "\n" not in row.cells[self._place]:
            self._labels.add(row.cells[self._place].strip())
        for place, cell in enumerate(row.cells):
            if "\n" in cell:
                found = self._labels_in(row.cells[:place], cell)
                if found:
                    self._suspects.append((row.line, cell.count("\n"), found))

    def _labels_in(self, before: list[str], cell: str) -> set[str]:
        """The labels that the lines of the cell would have if each were a row."""
        first, *others = cell.split("\n")
        rows = [[*before, *first.split(self._delimiter)]]
        rows += [line.split(self._delimiter) for line in others[:-1]]
        return {row[self._place].strip() for row in rows if len(row) == self._width}

    def report(self, report: Report) -> None:
        """Reports each field whose lines have labels that other rows have."""
        for line, taken, labels in self._suspects:
            for label in sorted(labels & self._labels):
                what = f"a quote, closed {taken} lines below, takes rows of class '{label}' in"
                fix = "close it, double a quote within quotes, or set data.quotes=false"
                report(LineError(self._path, line, what, fix=fix))
                break
