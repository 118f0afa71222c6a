"""Reads the rows of a CSV or TSV file one after the other, and says in which line one is wrong."""

import csv
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from fmtool.data.problems import Report
from fmtool.data.table_style import Delimiter, Style
from fmtool.data.text_lines import MOST_CHARACTERS, Line, LineError, read_lines

SUFFIXES = (".csv", ".tsv")
"""The endings of their names, lower case; where the caller allows it, `.gz` may follow."""

_CHARACTERS: Mapping[Delimiter, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_QUOTES = "double a quote within quotes, and close each; or set data.quotes=false"


class Row(NamedTuple):
    """The cells of a row as they stand there, and the line where it begins."""

    line: int
    cells: list[str]


class Table(NamedTuple):
    """A header, and rows of as many cells that are read from the file as they are asked for."""

    columns: list[str]
    rows: Iterator[Row]


def ending(path: Path) -> str:
    """That of the name in lower case, `.gz` aside."""
    return Path(path.name.lower().removesuffix(".gz")).suffix


def read_table(
    path: Path,
    style: Style,
    report: Report,
    *,
    wanted: Collection[str] = (),
    is_kept: bool = True,
) -> Table:
    """The table in `path`, plain or gzipped, whose first line names the columns.

    Args:
        report: takes a DataError for each row that is no text, is quoted wrongly, or has more or
            fewer cells than the header.
        wanted: columns by whose names the delimiter may be told.
        is_kept: whether all of it will be in memory.

    Raises:
        DataError: there is no header that could be read, or the file cannot be read to its end.
        OutOfMemory: it is larger than the memory.
    """
    lines = read_lines(path, style.encoding, report, is_kept=is_kept)
    header = next(lines, Line(1, ""))
    if header.number > 1:
        raise LineError(path, 1, "no header", fix="correct the first line")
    delimiter = _delimiter(header.text, path, style.delimiter, wanted)
    columns = _columns(header.text, path, delimiter, style)
    return Table(columns, _rows(lines, path, delimiter, style, len(columns), report))


def _delimiter(header: str, path: Path, chosen: Delimiter, wanted: Collection[str]) -> str:
    """A tab for .tsv; else what separates the header into wanted columns, or is there most."""
    if chosen != "auto":
        return _CHARACTERS[chosen]
    if ending(path) == ".tsv":
        return "\t"
    for character in _CHARACTERS.values() if wanted else ():
        if set(wanted) <= {name.strip(' "') for name in header.split(character)}:
            return character
    counts = {name: header.count(character) for name, character in _CHARACTERS.items()}
    most = max(counts.values())
    best = [name for name, count in counts.items() if count == most]
    if most and len(best) > 1:
        what = f"the delimiter may be {' or '.join(best)}"
        raise LineError(path, 1, what, fix="set data.delimiter")
    return _CHARACTERS[best[0]]


def _columns(header: str, path: Path, delimiter: str, style: Style) -> list[str]:
    try:
        with _long_fields():
            cells: list[str] = next(_reader(iter([header]), delimiter, style), [])
    except csv.Error as error:
        raise LineError(path, 1, f"no header ({error})", fix=_QUOTES) from error
    names = [cell.strip() for cell in cells]
    for place, name in enumerate(names):
        if name and name in names[:place]:
            raise LineError(path, 1, f"column '{name}' is there twice", fix="rename one")
    return names


class _Counted:
    """Lines as `csv.reader` wants them, which number the last one had."""

    def __init__(self, lines: Iterator[Line]) -> None:
        self._lines = lines
        self.number = 1

    def __iter__(self) -> Iterator[str]:
        for number, text in self._lines:
            self.number = number
            yield f"{text}\n"


def _rows(
    lines: Iterator[Line], path: Path, delimiter: str, style: Style, width: int, report: Report
) -> Iterator[Row]:
    counted = _Counted(lines)
    reader = _reader(iter(counted), delimiter, style)
    while True:
        begin = counted.number + 1
        try:
            with _long_fields():
                cells = next(reader, None)
        except csv.Error as error:
            report(LineError(path, begin, f"no row ({error})", fix=_QUOTES))
            continue
        if cells is None:
            return
        # A line that was left out may lie between; without line breaks the last one counts.
        line = begin if any("\n" in cell for cell in cells) else counted.number
        if len(cells) == width:
            yield Row(line, cells)
        elif cells:
            fix = "put fields that hold the delimiter or a quote into quotes"
            what = f"{len(cells)} fields, the header has {width}"
            report(LineError(path, line, what, fix=fix))


def _reader(lines: Iterator[str], delimiter: str, style: Style) -> Any:
    quoting: Any = csv.QUOTE_MINIMAL if style.has_quotes else csv.QUOTE_NONE
    return csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)


@contextmanager
def _long_fields() -> Iterator[None]:
    """A limit of the csv module, which is that of the whole process."""
    before = csv.field_size_limit(MOST_CHARACTERS)
    try:
        yield
    finally:
        csv.field_size_limit(before)
