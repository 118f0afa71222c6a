"""Reads a table of pictures: a CSV or TSV file with paths, and classes or numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from fmtool import class_names
from fmtool.data.reading.delimited import name_of, read_table
from fmtool.data.reading.labelled_files import LabelledFile, LabelledFiles, collision_key, nfc
from fmtool.data.reading.labels import require_two_classes
from fmtool.data.reading.picture_columns import Columns, places_of
from fmtool.data.reading.problems import Report, stop
from fmtool.data.reading.table_checks import Swallowed, require_header
from fmtool.data.reading.table_paths import FilesBelow, relative
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.target_columns import (
    TargetColumns,
    Value,
    classes_in,
    require_learnable,
    shown,
    unknown_in,
)
from fmtool.data.splitting.split_names import SPLITS, split_called
from fmtool.errors import DataError, UsageError
from fmtool.suggest import did_you_mean
from fmtool.targets import Target
from fmtool.targets.classes import unknown_class


def read_label_table(
    path: Path,
    *,
    columns: Columns,
    pictures_dir: str | None,
    style: Style,
    report: Report = stop,
    known: Target | None = None,
) -> LabelledFiles:
    """The files that the rows of `path` name, none of which is opened.

    The order of the rows has no part in it: the same files with the same classes are the same
    data set, in a table or in folders.

    Args:
        pictures_dir: the folder, below that of the table, where its paths begin.
        report: takes a DataError for each row that cannot be used, fewer than two classes, and a
            class that is absent from train.
        known: the target of a run, see `scan_class_folders`.

    Raises:
        DataError: the table has no header that could be read.
        UsageError: `pictures_dir` is not below the folder of the table.
    """
    named = [columns.path, *(columns.target.names or [columns.label]), columns.split]
    table = read_table(path, style, report, wanted=[name for name in named if name])
    places = places_of(path, table.columns, columns)
    keys = {"path": "data.path_column", "label": "data.label_column"}
    chosen = style._replace(delimiter=name_of(table.delimiter))
    require_header(path, chosen, {"path": places.path, "label": places.labels[0]}, keys)
    swallowed = Swallowed(path, table, places.labels[0])
    start, files = _start(pictures_dir), FilesBelow(path.parent)
    reading = _Reading(start, report, files, columns.target, places.names)
    for each in table.rows:
        swallowed.see(each)
        row, cells = f"{path}:{each.line}", [cell.strip() for cell in each.cells]
        split = None if places.split is None else cells[places.split]
        try:
            reading.add(row, cells[places.path], [cells[n] for n in places.labels], split)
        except DataError as problem:
            report(DataError(f"{row}: {problem.message}", fix=problem.fix))
    swallowed.report(report)
    return reading.finished(path, known)


class _Entry(NamedTuple):
    split: str
    value: Value
    name: str
    path: Path


@dataclass
class _Reading:
    """The classes and files that the rows so far have named."""

    pictures_dir: str
    report: Report
    files: FilesBelow
    columns: TargetColumns
    label_names: tuple[str, ...]
    _entries: dict[str, tuple[_Entry, str]] = field(default_factory=dict)
    """With the place of the row, by the key of the path."""

    def add(self, row: str, path: str, labels: Sequence[str], split: str | None) -> None:
        """Raises DataError for a row that cannot be used.

        Args:
            row: its `FILE:LINE`.
        """
        name = str(PurePosixPath(self.pictures_dir, relative(path)))
        value = self._value(labels)
        entry = _Entry(_split(split), value, name, self.files.place(name))
        twin, place = self._entries.get(collision_key(name), (None, ""))
        if twin is not None:
            raise DataError(*_conflict(entry, twin, place), fix="keep one of the two rows")
        self.files.check(entry.path)
        self._entries[collision_key(name)] = entry, row

    def _value(self, labels: Sequence[str]) -> Value:
        try:
            value = self.columns.value(labels, self.label_names)
        except ValueError as error:
            what, _, fix = str(error).partition("; ")
            raise DataError(what, fix=fix) from error
        return _class(value) if isinstance(value, str) else value

    def finished(self, path: Path, known: Target | None) -> LabelledFiles:
        self._leave_one_spelling()
        target = self._target(path) if known is None else known
        places = {name: place for place, name in enumerate(target.names)}
        found = (entry for entry, _ in self._entries.values())
        entries = sorted(found, key=lambda entry: _order(entry, places))
        usable = [entry for entry in entries if self._is_known(entry, target, known is not None)]
        present = {"train", *(entry.split for entry in entries)}
        splits = {
            split: _encoded([entry for entry in usable if entry.split == split], target)
            for split in SPLITS
            if split in present
        }
        return LabelledFiles(target, splits, 0)

    def _target(self, path: Path) -> Target:
        """The target of the rows to train on; what makes it too little to learn is reported."""
        values = [entry.value for entry, _ in self._entries.values() if entry.split == "train"]
        target = self.columns.target(values, self.label_names[0])
        if target.kind == "label":
            require_two_classes(target.names, path, self.report, fix="add rows of another class")
            return target
        try:
            require_learnable(target, values, path)
        except DataError as problem:
            self.report(problem)
        return target

    def _is_known(self, entry: _Entry, target: Target, is_of_run: bool) -> bool:
        """True where all classes of the entry are of the target; the first other is reported."""
        unknown = unknown_in(entry.value, target.names)
        if unknown is None:
            return True
        place = self._entries[collision_key(entry.name)][1]
        if is_of_run:
            self.report(unknown_class(place, unknown, target.names))
            return False
        message = f"{place}: class '{unknown}' is absent from train"
        fix = did_you_mean(unknown, target.names, otherwise="give it rows in train")
        self.report(DataError(message, fix=fix))
        return False

    def _leave_one_spelling(self) -> None:
        """Reports classes that are spelled in several ways, and drops the rarer ones."""
        counts = Counter(
            name for entry, _ in self._entries.values() for name in classes_in(entry.value)
        )
        for group in class_names.spellings(counts):
            rarer = set(group[1:])
            place = next(
                row for each, row in self._entries.values() if group[1] in classes_in(each.value)
            )
            self.report(class_names.collision(place, group, counts))
            self._entries = {
                key: (entry, row)
                for key, (entry, row) in self._entries.items()
                if not rarer.intersection(classes_in(entry.value))
            }


def _encoded(entries: Sequence[_Entry], target: Target) -> list[LabelledFile]:
    rows = target.encoded([entry.value for entry in entries]).tolist()
    return [LabelledFile(entry.path, row) for entry, row in zip(entries, rows, strict=True)]


def _class(label: str) -> str:
    name = class_names.written(label)
    if not name or not name.isprintable():
        what = "is not printable text" if name else "is empty"
        raise DataError(f"the label {what}", fix="give each row its class")
    return name


def _order(entry: _Entry, places: Mapping[str, int]) -> tuple[str, int, str, str]:
    """The order of class folders, where each class has one; by name alone for other targets."""
    place = places.get(entry.value, len(places)) if isinstance(entry.value, str) else 0
    return entry.split, place, nfc(entry.name), entry.name


def _start(pictures_dir: str | None) -> str:
    try:
        return "" if pictures_dir is None else relative(pictures_dir)
    except DataError as error:
        raise UsageError(f"data.pictures_dir: {error.message}", fix="name a folder") from error


def _split(name: str | None) -> str:
    split = "train" if name is None else split_called(name.casefold())
    if split is None:
        raise DataError(f"split '{name}' is not known", fix=did_you_mean(name or "", SPLITS))
    return split


def _conflict(entry: _Entry, twin: _Entry, place: str) -> tuple[str]:
    if entry.name != twin.name:
        return (f"names collide: '{entry.name}' is '{twin.name}' in {place}",)
    for mine, other in ((entry.value, twin.value), (entry.split, twin.split)):
        if mine != other:
            return (f"'{entry.name}' is '{shown(mine)}', but '{shown(other)}' in {place}",)
    return (f"'{entry.name}' is in {place} too",)
