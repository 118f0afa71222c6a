"""Reads the rows of a CSV or TSV file one after the other, and says in which line one is wrong."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from fmtool.data.problems import Report
from fmtool.data.regular_file import open_regular
from fmtool.errors import DataError

Delimiter = Literal["auto", "comma", "tab", "semicolon", "pipe"]
"""`auto`: a tab in a .tsv file, else the one that the header line has the most of."""

SUFFIXES = frozenset({".csv", ".tsv"})
_CHARACTERS = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|"}
_LONGEST_LINE = 1 << 24
"""Bytes; so that a file that is no text at all is not read whole as one line."""
_LONGEST_CELL = 1 << 20
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class Row(NamedTuple):
    """The cells of a row, without the spaces around each.

    Args:
        place: `FILE:LINE`, for messages.
    """

    place: str
    cells: list[str]


class Table(NamedTuple):
    """A header, and rows of as many cells that are read from the file as they are asked for."""

    columns: list[str]
    rows: Iterator[Row]


def read_table(path: Path, *, delimiter: Delimiter, report: Report) -> Table:
    """The table in `path`, whose first line names the columns.

    Args:
        report: takes a DataError for each row that is not UTF-8, is quoted wrongly, or has more
            or fewer cells than the header.

    Raises:
        DataError: there is no header that could be read.
    """
    lines = _lines(path, report)
    header = next(lines)
    character = _delimiter(path, header, delimiter)
    csv.field_size_limit(_LONGEST_CELL)
    try:
        columns = [name.strip() for name in next(csv.reader([header], delimiter=character))]
    except csv.Error as error:
        raise DataError(f"{path}:1: {error}", fix="correct the first line") from error
    known = [name.casefold() for name in columns if name]
    if len(set(known)) < len(known):
        twin = next(name for place, name in enumerate(known) if name in known[:place])
        raise DataError(f"{path}:1: two columns are called '{twin}'", fix="rename one")
    return Table(columns, _rows(path, lines, character, len(columns), report))


def _lines(path: Path, report: Report) -> Iterator[str]:
    with open_regular(path) as file:
        for number, raw in enumerate(iter(lambda: file.readline(_LONGEST_LINE + 1), b""), 1):
            yield _decoded(raw, file, f"{path}:{number}", report)


def _decoded(raw: bytes, file: BinaryIO, place: str, report: Report) -> str:
    is_first = file.tell() == len(raw)
    if is_first and raw.startswith(_UTF16_MARKS):
        raise DataError(f"{place}: UTF-16, expected UTF-8", fix="save the table as UTF-8")
    if len(raw) > _LONGEST_LINE:
        raise DataError(f"{place}: more than {_LONGEST_LINE} bytes", fix="name a text file")
    if is_first:
        raw = raw.removeprefix(_UTF8_MARK)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"{place}: byte 0x{raw[error.start]:02x} is not UTF-8"
        report(DataError(message, fix="save the table as UTF-8"))
        return raw.decode("utf-8", errors="replace")


def _delimiter(path: Path, header: str, chosen: Delimiter) -> str:
    if chosen != "auto":
        return _CHARACTERS[chosen]
    if path.suffix.lower() == ".tsv":
        return _CHARACTERS["tab"]
    counts = {name: header.count(character) for name, character in _CHARACTERS.items()}
    most = max(counts.values())
    best = [name for name, count in counts.items() if count == most]
    if most and len(best) > 1:
        raise DataError(
            f"{path}:1: the delimiter may be {' or '.join(best)}", fix="set data.delimiter"
        )
    return _CHARACTERS[best[0]]


def _rows(
    path: Path, lines: Iterator[str], delimiter: str, width: int, report: Report
) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        # A row may go on over several lines; it is named by its first.
        place = f"{path}:{reader.line_num + 2}"
        try:
            cells = next(reader, None)
        except csv.Error as error:
            report(DataError(f"{place}: {error}", fix="correct the quotes"))
            continue
        if cells is None:
            return
        if len(cells) == width:
            yield Row(place, [cell.strip() for cell in cells])
        elif cells:
            message = f"{place}: {len(cells)} cells, the header has {width}"
            report(DataError(message, fix="quote cells that hold the delimiter"))
