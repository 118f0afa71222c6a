"""Reads the rows of a CSV or TSV file one after the other, and says in which line one is wrong."""

import csv
from collections.abc import Collection, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from fmtool.data.reading.problems import Report
from fmtool.data.reading.table_style import Delimiter, Style
from fmtool.data.reading.text_lines import MAX_CHARACTERS, Line, LineError, read_lines

SUFFIXES = (".csv", ".tsv")
"""The endings of their names, lower case; where the caller allows it, `.gz` may follow."""

_CHARACTERS: Mapping[Delimiter, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_QUOTES = "double a quote within quotes, and close each; or set data.quotes=false"


class Row(NamedTuple):
    """The cells of a row as they stand there, and the line where it begins."""

    line: int
    cells: list[str]


class Table(NamedTuple):
    """Names of columns, and rows of as many cells, read from the file as they are asked for."""

    columns: list[str]
    rows: Iterator[Row]
    delimiter: str


def name_of(character: str) -> Delimiter:
    """The name of a delimiter in a `Style`; `auto` for one that has none."""
    named = (name for name, each in _CHARACTERS.items() if each == character)
    return next(named, "auto")


def ending(path: Path) -> str:
    """The ending of the name in lower case, `.gz` aside."""
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

    Without a header they are called 0, 1 and so on. A line `sep=;`, as Excel writes it, may stand
    above all.

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
    first, stated = next(lines, Line(1, "")), None
    if first.number == 1:
        stated = _stated_delimiter(first.text)
        if stated is not None:
            first = next(lines, Line(2, ""))
    if first.number > (1 if stated is None else 2):
        raise LineError(path, 1, "no header", fix="correct the first line")
    delimiter = stated or _delimiter(first.text, path, style.delimiter, wanted)
    columns = _columns(first, path, delimiter, style)
    counted = _Counted(lines, first.number)
    if style.has_header is False:
        counted = _Counted(chain([first], lines), first.number - 1)
    rows = _rows(counted, path, delimiter, style, len(columns), report)
    return Table(columns, rows, delimiter)


def _stated_delimiter(line: str) -> str | None:
    """The delimiter that a line `sep=;` states; None for any other line."""
    stated = line.strip('"')
    is_statement = stated.lower().startswith("sep=") and len(stated) == len("sep=;")
    return stated[-1] if is_statement else None


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


def _columns(first: Line, path: Path, delimiter: str, style: Style) -> list[str]:
    try:
        cells: list[str] = next(_reader(iter([first.text]), delimiter, style), [])
    except csv.Error as error:
        raise LineError(path, first.number, f"no header ({error})", fix=_QUOTES) from error
    if style.has_header is False:
        return [str(place) for place in range(len(cells))]
    names = [cell.strip() for cell in cells]
    for place, name in enumerate(names):
        if name and name in names[:place]:
            fix = "rename one, or set data.header=false if no line names the columns"
            raise LineError(path, first.number, f"column '{name}' is there twice", fix=fix)
    return names


class _Counted:
    """Lines as `csv.reader` wants them, which number the last one had."""

    def __init__(self, lines: Iterator[Line], number: int) -> None:
        self._lines = lines
        self.number = number

    def __iter__(self) -> Iterator[str]:
        for number, text in self._lines:
            self.number = number
            yield f"{text}\n"


def _rows(
    counted: _Counted, path: Path, delimiter: str, style: Style, width: int, report: Report
) -> Iterator[Row]:
    reader = _reader(iter(counted), delimiter, style)
    before = 0
    while True:
        begin = counted.number + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            before = reader.line_num
            report(LineError(path, begin, f"no row ({error})", fix=_QUOTES))
            continue
        if cells is None:
            return
        # A line that was left out may lie between; of a row of a single line that one counts.
        line = begin if reader.line_num > before + 1 else counted.number
        before = reader.line_num
        if len(cells) == width:
            yield Row(line, cells)
        elif cells:
            fix = "put fields that hold the delimiter or a quote into quotes"
            what = f"{len(cells)} fields, the header has {width}"
            report(LineError(path, line, what, fix=fix))


def _reader(lines: Iterator[str], delimiter: str, style: Style) -> Any:
    # A limit of the whole process, which would be 131,072 characters.
    csv.field_size_limit(MAX_CHARACTERS)
    quoting: Any = csv.QUOTE_MINIMAL if style.has_quotes else csv.QUOTE_NONE
    return csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)
