"""Reads a table of numbers: a row of float64 for each sample, and what it has of the target."""

import math
import re
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fmtool import class_names
from fmtool.data.reading import delimited
from fmtool.data.reading.labels import require_two_classes
from fmtool.data.reading.number_columns import Columns, Places, places_of
from fmtool.data.reading.problems import Report
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.target_columns import Value, classes_in, require_learnable, unknown_in
from fmtool.data.reading.text_files import tables_by_split
from fmtool.data.reading.text_lines import LineError
from fmtool.data.splitting.split_names import SPLITS, split_called
from fmtool.data.splitting.splits import Split
from fmtool.errors import DataError
from fmtool.suggest import did_you_mean
from fmtool.targets import Target
from fmtool.targets.classes import unknown_class

_DIGITS = re.compile(r"[0-9.,eE+-]+", re.ASCII)
_GAPS = ("", "?", "-", "na", "n/a", "nan", "null", "none")
"""Cells, in lower case, that say that there is nothing."""


class NumberTable(NamedTuple):
    """A table that was read.

    Args:
        columns: the names of the numbers in a row.
        parts: by split; samples are float64 (n, columns), and are called by their lines.
    """

    columns: tuple[str, ...]
    target: Target
    parts: Mapping[str, Split]


def is_gap(cell: str) -> bool:
    """True for a cell that says that there is nothing."""
    return cell.strip().lower() in _GAPS


def read_number_table(
    path: Path,
    columns: Columns,
    style: Style,
    report: Report,
    *,
    known: Target | None = None,
) -> NumberTable:
    """The rows of `path`, a table, or a folder with a table for each split.

    Args:
        report: takes a DataError for each row that cannot be used, and for too few classes.
        known: the target of a run, whose classes are found by name; there need be no `train` then.

    Raises:
        DataError: the table has no header that could be read, or no such columns.
        OutOfMemory: it is larger than the memory.
    """
    reading = _Reading(report)
    for split, table in _tables(path, needs_train=known is None).items():
        reading.read(table, split, columns, style)
    return reading.finished(path, columns, known)


def _tables(path: Path, *, needs_train: bool) -> dict[str | None, Path]:
    """The tables by split; None for one whose rows say theirs."""
    found: dict[str | None, Path] = {None: path}
    if path.is_dir():
        found = dict(tables_by_split(path, needs_train=needs_train).items())
    for table in found.values():
        if delimited.ending(table) not in delimited.SUFFIXES:
            endings = " or ".join(delimited.SUFFIXES)
            raise DataError(f"{table}: not a table of cells", fix=f"save it as {endings}")
    return found


@dataclass
class _Part:
    """The rows of a split."""

    numbers: "array[float]" = field(default_factory=lambda: array("d"))
    values: list[Value] = field(default_factory=list)
    lines: list[str | int] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    """`FILE:LINE` of each, for messages."""


@dataclass
class _Reading:
    """The rows that were read so far."""

    report: Report
    parts: dict[str, _Part] = field(default_factory=dict)
    places: Places | None = None

    def read(self, path: Path, split: str | None, columns: Columns, style: Style) -> None:
        wanted = [*columns.wanted]
        table = delimited.read_table(path, style, self.report, wanted=wanted)
        places = places_of(path, table.columns, columns, style)
        if self.places is not None and self.places.names != places.names:
            first, here = (", ".join(each.names) for each in (self.places, places))
            raise LineError(
                path, 1, f"its numbers are {here}; those of train {first}", fix="give all the same"
            )
        self.places = places
        for row in table.rows:
            cells = [cell.strip() for cell in row.cells]
            try:
                part = self._part(split, cells, places, path, row.line)
                value = _value(cells, places, columns, style, path, row.line)
                numbers = _plain(cells, places, style) or [
                    *_numbers(cells, places, style, path, row.line)
                ]
            except DataError as problem:
                self.report(problem)
                continue
            part.numbers.extend(numbers)
            part.values.append(value)
            part.lines.append(row.line if split is None else f"{path.name}:{row.line}")
            part.places.append(f"{path}:{row.line}")

    def _part(
        self, split: str | None, cells: Sequence[str], places: Places, path: Path, line: int
    ) -> _Part:
        if split is None:
            stated = "train" if places.split is None else cells[places.split].casefold()
            split = split_called(stated)
            if split is None:
                fix = did_you_mean(stated, SPLITS)
                raise LineError(path, line, f"no split is called '{stated}'", fix=fix)
        return self.parts.setdefault(split, _Part())

    def finished(self, path: Path, columns: Columns, known: Target | None) -> NumberTable:
        assert self.places is not None, "there is one table at least"
        self._require_one_spelling()
        target = self._target(path, columns) if known is None else known
        parts = {
            split: self._split(part, target, is_of_run=known is not None)
            for split, part in self.parts.items()
        }
        return NumberTable(self.places.names, target, parts)

    def _target(self, path: Path, columns: Columns) -> Target:
        assert self.places is not None
        trained = self.parts.setdefault("train", _Part()).values
        target = columns.target.target(trained, self.places.label)
        if target.kind == "label":
            fix = "add rows of another class"
            require_two_classes(target.names, path, self.report, fix=fix, none="no rows")
            return target
        try:
            require_learnable(target, trained, path)
        except DataError as problem:
            self.report(problem)
        return target

    def _split(self, part: _Part, target: Target, *, is_of_run: bool) -> Split:
        assert self.places is not None
        kept = [
            row
            for row, (value, place) in enumerate(zip(part.values, part.places, strict=True))
            if self._is_known(value, place, target, is_of_run=is_of_run)
        ]
        numbers = np.frombuffer(part.numbers, np.float64) if part.values else np.empty(0)
        x = numbers.reshape(len(part.values), len(self.places.numbers))
        y = target.encoded([part.values[row] for row in kept])
        if len(kept) < len(x):
            x = x[kept]
        return Split(x, y, np.array([part.lines[row] for row in kept], object))

    def _is_known(self, value: Value, place: str, target: Target, *, is_of_run: bool) -> bool:
        unknown = unknown_in(value, target.names)
        if unknown is None:
            return True
        if is_of_run:
            self.report(unknown_class(place, unknown, target.names))
            return False
        fix = did_you_mean(unknown, target.names, otherwise="give it rows in train")
        self.report(DataError(f"{place}: class '{unknown}' is absent from train", fix=fix))
        return False

    def _require_one_spelling(self) -> None:
        rows = [
            (name, place)
            for part in self.parts.values()
            for value, place in zip(part.values, part.places, strict=True)
            for name in classes_in(value)
        ]
        counts = Counter(name for name, _ in rows)
        for group in class_names.spellings(counts):
            place = next(place for name, place in rows if name == group[1])
            raise class_names.collision(place, group, counts)


def _value(
    cells: Sequence[str], places: Places, columns: Columns, style: Style, path: Path, line: int
) -> Value:
    given = [cells[place] for place in places.labels]
    if columns.target.kind == "numbers":
        given = list(map(style.number, given))
    try:
        value = columns.target.value(given, places.label_names)
    except ValueError as error:
        what, _, fix = str(error).partition("; ")
        raise LineError(path, line, what, fix=fix) from error
    if not isinstance(value, str):
        return value
    name = class_names.written(value)
    if not name or not name.isprintable():
        what = "is not printable text" if name else "is empty"
        raise LineError(path, line, f"the label {what}", fix="give each row its class")
    return name


def _plain(cells: Sequence[str], places: Places, style: Style) -> list[float]:
    """The numbers of a row of nothing but decimal numbers, which most are; else none."""
    taken = [style.number(cells[place]) for place in places.numbers]
    if not _DIGITS.fullmatch(",".join(taken)):
        return []
    try:
        numbers = [float(cell) for cell in taken]
    except ValueError:
        return []
    # A number of 400 digits is infinite.
    return numbers if max(numbers) < math.inf and min(numbers) > -math.inf else []


def _numbers(
    cells: Sequence[str], places: Places, style: Style, path: Path, line: int
) -> Iterator[float]:
    for place, name in zip(places.numbers, places.names, strict=True):
        cell = style.number(cells[place])
        if not class_names.is_number(cell):
            raise _no_number(cells[place], name, path, line)
        yield float(cell)


def _no_number(cell: str, name: str, path: Path, line: int) -> LineError:
    if is_gap(cell):
        fix = "fill it in, leave the row out, or the column by data.ignore_columns"
        return LineError(path, line, f"no number in column '{name}'", fix=fix)
    what = f"'{cell[:40]}' in column '{name}' is not a number"
    if class_names.is_number(cell.replace(",", ".", 1)):
        return LineError(path, line, what, fix="set data.decimal=comma")
    fix = "write a number, or leave the column out by data.ignore_columns"
    return LineError(path, line, what, fix=fix)
