"""Reads texts and labels from the columns of a CSV, TSV or JSON Lines file."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fmtool.data.reading import delimited
from fmtool.data.reading.problems import Report
from fmtool.data.reading.table_checks import Swallowed, require_header
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.target_columns import TargetColumns, Value
from fmtool.data.reading.text_lines import LineError, read_lines
from fmtool.suggest import did_you_mean

_JSON_LINES = (".jsonl", ".ndjson")
SUFFIXES = (*delimited.SUFFIXES, *_JSON_LINES)
"""The endings of the names of tables, lower case; `.gz` may follow."""
_ONE_OBJECT = "give each line one object"


class Columns(NamedTuple):
    """The names of the columns, or of the keys of JSON objects.

    Args:
        label: None where labels are of no interest: they are empty then.
        split: need not be there; None where its name means something else.
        target: what labels are.
    """

    text: str
    label: str | None
    split: str | None
    target: TargetColumns = TargetColumns()

    @property
    def of_target(self) -> tuple[str, ...]:
        """The names of the columns that say what a text has of the target."""
        return self.target.names or (() if self.label is None else (self.label,))


class Record(NamedTuple):
    """The fields of one row, as they stand there."""

    line: int
    text: str
    label: Value
    split: str


def is_table(path: Path) -> bool:
    return delimited.ending(path) in SUFFIXES


def has_json_lines(path: Path) -> bool:
    return delimited.ending(path) in _JSON_LINES


def read_table(
    path: Path, columns: Columns, style: Style, report: Report, *, is_kept: bool = True
) -> Iterator[Record]:
    """The rows of `path`; those that are none are reported and left out.

    Raises DataError where the whole file cannot be read, or has no such columns.

    Args:
        is_kept: whether all of it will be in memory.
    """
    if has_json_lines(path):
        return _json_records(path, columns, style, report, is_kept=is_kept)
    return _csv_records(path, columns, style, report, is_kept=is_kept)


def read_objects(
    path: Path, style: Style, report: Report, *, is_kept: bool = True
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The number of each line and the JSON object on it; blank lines are left out."""
    for number, line in read_lines(path, style.encoding, report, is_kept=is_kept):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            is_deep = isinstance(error, RecursionError)
            what = f"not JSON ({'nested too deeply' if is_deep else str(error)[:80]})"
            report(LineError(path, number, what, fix=_ONE_OBJECT))
            continue
        if isinstance(row, dict):
            yield number, row
        else:
            report(LineError(path, number, "no object", fix=_ONE_OBJECT))


def _json_records(
    path: Path, columns: Columns, style: Style, report: Report, *, is_kept: bool
) -> Iterator[Record]:
    for number, row in read_objects(path, style, report, is_kept=is_kept):
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


def _fields(row: dict[str, Any], columns: Columns) -> tuple[str, Value, str]:
    """Text, label and split of a JSON object; ValueError says what is wrong, and the fix."""
    for name, key in _keys(columns).items():
        if name not in row:
            keys = ", ".join(row) or "none"
            raise ValueError(f"no key '{name}'; set data.{key}, to one of {keys}")
    text, names = row[columns.text], columns.of_target
    if not isinstance(text, str):
        raise ValueError(f"'{columns.text}' is {_shown(text)}; give a text in quotes")
    label = columns.target.value_of_json([row[name] for name in names], names) if names else ""
    split = row.get(columns.split) if columns.split is not None else None
    return text, label, "" if split is None else str(split)


def _keys(columns: Columns) -> dict[str, str]:
    """The key of `data=` that names each column that has to be there."""
    key = "label_columns" if columns.target.names else "label_column"
    return {columns.text: "text_column"} | dict.fromkeys(columns.of_target, key)


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _csv_records(
    path: Path, columns: Columns, style: Style, report: Report, *, is_kept: bool
) -> Iterator[Record]:
    wanted, names = _keys(columns), columns.of_target
    table = delimited.read_table(path, style, report, wanted=wanted, is_kept=is_kept)
    place_of = {name: _place(name, key, table.columns, path) for name, key in wanted.items()}
    text, labels = place_of[columns.text], [place_of[name] for name in names]
    split = table.columns.index(columns.split) if columns.split in table.columns else None
    swallowed = None
    if labels:
        keys = {"text": "data.text_column", "label": "data.label_column"}
        places = {"text": text, "label": labels[0]}
        chosen = style._replace(delimiter=delimited.name_of(table.delimiter))
        require_header(path, chosen, places, keys)
        swallowed = Swallowed(path, table, labels[0])
    for row in table.rows:
        if swallowed is not None:
            swallowed.see(row)
        try:
            label = columns.target.value([row.cells[n] for n in labels], names) if names else ""
        except ValueError as error:
            what, _, fix = str(error).partition("; ")
            report(LineError(path, row.line, what, fix=fix))
            continue
        yield Record(row.line, row.cells[text], label, "" if split is None else row.cells[split])
    if swallowed is not None:
        swallowed.report(report)


def _place(name: str, key: str, names: Sequence[str], path: Path) -> int:
    if name not in names:
        fix = f"set data.{key}; {did_you_mean(name, names)}; or data.header=false if it is a row"
        raise LineError(path, 1, f"no column '{name}' in the header", fix=fix)
    return names.index(name)
