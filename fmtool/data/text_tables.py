"""Reads texts and labels from the columns of a CSV, TSV or JSON Lines file."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from fmtool.data.problems import Report
from fmtool.data.text_lines import MOST_CHARACTERS, Line, LineError, read_lines
from fmtool.suggest import did_you_mean

Delimiter = Literal["auto", "comma", "semicolon", "tab", "pipe"]

_DELIMITERS: Mapping[Delimiter, str] = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_JSON_LINES = (".jsonl", ".ndjson")
SUFFIXES = (".csv", ".tsv", *_JSON_LINES)
"""The endings of the names of tables, lower case; `.gz` may follow."""


@dataclass(frozen=True)
class Columns:
    """How a table is read.

    Args:
        split: a column that need not be there; None where its name means something else.
        has_quotes: whether `"` encloses fields, or is a character like any other.
    """

    text: str
    label: str
    split: str | None
    delimiter: Delimiter = "auto"
    has_quotes: bool = True


class Record(NamedTuple):
    """The fields of one row, as they stand there."""

    line: int
    text: str
    label: str
    split: str


def is_table(path: Path) -> bool:
    return _ending(path) in SUFFIXES


def read_table(path: Path, columns: Columns, encoding: str, report: Report) -> Iterator[Record]:
    """The rows of `path`; those that are none are reported and left out.

    Raises DataError where the whole file cannot be read, or has no such columns.
    """
    lines = read_lines(path, encoding, report)
    if _ending(path) in _JSON_LINES:
        return _json_records(lines, path, columns, report)
    return _csv_records(lines, path, columns, report)


def _ending(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


def _json_records(
    lines: Iterator[Line], path: Path, columns: Columns, report: Report
) -> Iterator[Record]:
    for number, line in lines:
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            is_deep = isinstance(error, RecursionError)
            what = f"not JSON ({'nested too deeply' if is_deep else str(error)[:80]})"
            report(LineError(path, number, what, fix="give each line one object"))
            continue
        try:
            yield Record(number, *_fields(row, columns))
        except ValueError as error:
            what, _, fix = str(error).partition("; ")
            report(LineError(path, number, what, fix=fix))


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a key twice")
    return row


def _fields(row: Any, columns: Columns) -> tuple[str, str, str]:
    """Text, label and split of a JSON object; ValueError says what is wrong, and the fix."""
    if not isinstance(row, dict):
        raise ValueError("no object; give each line one object")
    found = []
    for name, key in ((columns.text, "text"), (columns.label, "label")):
        if name not in row:
            keys = ", ".join(row) or "none"
            raise ValueError(f"no key '{name}'; set data.{key}_column, to one of {keys}")
        found.append(row[name])
    text, label = found
    if not isinstance(text, str):
        raise ValueError(f"'{columns.text}' is {_shown(text)}; give a text in quotes")
    if not isinstance(label, str | int | None):
        raise ValueError(f"'{columns.label}' is {_shown(label)}; give a name or an integer")
    split = row.get(columns.split) if columns.split is not None else None
    return text, "" if label is None else str(label), "" if split is None else str(split)


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


class _Counted:
    """Lines as `csv.reader` wants them, which number the last one had."""

    def __init__(self, lines: Iterator[Line], before: int) -> None:
        self._lines = lines
        self.number = before

    def __iter__(self) -> Iterator[str]:
        for number, text in self._lines:
            self.number = number
            yield f"{text}\n"


def _csv_records(
    lines: Iterator[Line], path: Path, columns: Columns, report: Report
) -> Iterator[Record]:
    header = next(lines, Line(1, ""))
    delimiter, names = _header(header, path, columns)
    text, label = (_place(name, names, path) for name in _wanted(columns))
    split = names.index(columns.split) if columns.split in names else None
    for number, row in _rows(lines, path, delimiter, columns, report):
        if len(row) != len(names):
            fix = "put fields that hold the delimiter or a quote into quotes"
            what = f"{len(row)} fields, the header has {len(names)}"
            report(LineError(path, number, what, fix=fix))
        else:
            yield Record(number, row[text], row[label], "" if split is None else row[split])


def _wanted(columns: Columns) -> tuple[tuple[str, str], tuple[str, str]]:
    return (columns.text, "data.text_column"), (columns.label, "data.label_column")


def _place(name: tuple[str, str], names: Sequence[str], path: Path) -> int:
    column, key = name
    if column not in names:
        fix = f"set {key}; {did_you_mean(column, names)}"
        raise LineError(path, 1, f"no column '{column}' in the header", fix=fix)
    return names.index(column)


def _header(header: Line, path: Path, columns: Columns) -> tuple[str, list[str]]:
    """The delimiter and the names of the columns."""
    delimiter = _DELIMITERS.get(columns.delimiter)
    if delimiter is None:
        delimiter = _guess(header.text, path, columns)
    names = [name.strip() for name in _split(header, delimiter, columns, path)]
    for name in names:
        if names.count(name) > 1:
            what = f"column '{name}' is there twice"
            raise LineError(path, header.number, what, fix="rename one")
    return delimiter, names


def _guess(header: str, path: Path, columns: Columns) -> str:
    """A tab for .tsv; else what separates the header into the columns that are asked for."""
    if _ending(path) == ".tsv":
        return "\t"
    for delimiter in _DELIMITERS.values():
        names = {name.strip(' "') for name in header.split(delimiter)}
        if {columns.text, columns.label} <= names:
            return delimiter
    return max(_DELIMITERS.values(), key=header.count)


def _split(header: Line, delimiter: str, columns: Columns, path: Path) -> list[str]:
    try:
        return next(_reader(iter([header.text]), delimiter, columns), [])
    except csv.Error as error:
        raise LineError(path, header.number, f"no header ({error})", fix=_QUOTES) from error


_QUOTES = "double a quote within quotes, and close each; or set data.quotes=false"


def _rows(
    lines: Iterator[Line], path: Path, delimiter: str, columns: Columns, report: Report
) -> Iterator[tuple[int, list[str]]]:
    """Each row with the number of the line where it begins; blank lines are left out."""
    counted = _Counted(lines, before=1)
    reader = _reader(iter(counted), delimiter, columns)
    while True:
        begin = counted.number + 1
        try:
            with _long_fields():
                row = next(reader, None)
        except csv.Error as error:
            report(LineError(path, begin, f"no row ({error})", fix=_QUOTES))
            continue
        if row is None:
            return
        if row:
            # A line that was left out may lie between; without line breaks the last one counts.
            yield (begin if any("\n" in field for field in row) else counted.number), row


def _reader(lines: Iterator[str], delimiter: str, columns: Columns) -> Any:
    if columns.has_quotes:
        return csv.reader(lines, delimiter=delimiter, strict=True)
    return csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE, strict=True)


@contextmanager
def _long_fields() -> Iterator[None]:
    """A limit of the csv module, which is that of the whole process."""
    before = csv.field_size_limit(MOST_CHARACTERS)
    try:
        yield
    finally:
        csv.field_size_limit(before)
