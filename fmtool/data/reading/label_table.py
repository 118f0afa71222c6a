"""Reads a table of pictures: a CSV or TSV file with a column of paths and a column of classes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from fmtool import class_names
from fmtool.data.reading.delimited import Table, name_of, read_table
from fmtool.data.reading.labelled_files import LabelledFile, LabelledFiles, collision_key, one_form
from fmtool.data.reading.labels import require_two_classes
from fmtool.data.reading.problems import Report, stop
from fmtool.data.reading.table_checks import Swallowed, require_header
from fmtool.data.reading.table_paths import FilesBelow, relative
from fmtool.data.reading.table_style import Style
from fmtool.data.splitting.measured import unknown_class
from fmtool.data.splitting.split_names import SPLITS, split_called
from fmtool.errors import DataError, UsageError
from fmtool.suggest import did_you_mean

USUAL_NAMES = {
    "path": ("path", "file", "filename", "file_name", "filepath", "image"),
    "label": ("label", "class", "category"),
    "split": ("split",),
}
"""What the columns are called where a user does not name them, in any case."""


class Columns(NamedTuple):
    """The names that a user gave; None for a column with one of the usual names."""

    path: str | None
    label: str | None
    split: str | None


def read_label_table(
    path: Path,
    *,
    columns: Columns,
    pictures_dir: str | None,
    style: Style,
    report: Report = stop,
    known: tuple[str, ...] | None = None,
) -> LabelledFiles:
    """The files that the rows of `path` name, none of which is opened.

    The order of the rows has no part in it: the same files with the same classes are the same
    data set, in a table or in folders.

    Args:
        pictures_dir: the folder, below that of the table, where its paths begin.
        report: takes a DataError for each row that cannot be used, fewer than two classes, and a
            class that is absent from train.
        known: the classes of a run, see `scan_class_folders`.

    Raises:
        DataError: the table has no header that could be read.
        UsageError: `pictures_dir` is not below the folder of the table.
    """
    table = read_table(path, style, report, wanted=[name for name in columns if name])
    places = _places(path, table, columns)
    keys = {"path": "data.path_column", "label": "data.label_column"}
    chosen = style._replace(delimiter=name_of(table.delimiter))
    require_header(path, chosen, dict(zip(keys, places[:2], strict=True)), keys)
    swallowed = Swallowed(path, table, places[1])
    reading = _Reading(path.parent, _start(pictures_dir), report, FilesBelow(path.parent))
    for each in table.rows:
        swallowed.see(each)
        row = f"{path}:{each.line}"
        try:
            reading.add(row, *(each.cells[n].strip() if n >= 0 else None for n in places))
        except DataError as problem:
            report(DataError(f"{row}: {problem.message}", fix=problem.fix))
    swallowed.report(report)
    return reading.finished(path, known)


def _places(path: Path, table: Table, columns: Columns) -> tuple[int, int, int]:
    """Which cells are path, label and split; -1 for a split that is not there."""
    path_place, label_place = (
        required_column(path, table.columns, key, name)
        for key, name in (("path", columns.path), ("label", columns.label))
    )
    if columns.split is None:
        found = _usual(path, table.columns, "split")
        return path_place, label_place, -1 if found is None else found
    return path_place, label_place, required_column(path, table.columns, "split", columns.split)


def required_column(path: Path, columns: Sequence[str], key: str, name: str | None) -> int:
    """The place of the column `name`, or of one with a usual name; DataError where there is none.

    Args:
        path: of the table, for messages.
        key: of `USUAL_NAMES`.
    """
    if name is not None:
        if name in columns:
            return columns.index(name)
        fix = did_you_mean(name, columns)
        raise DataError(f"{path}:1: no column '{name}'", fix=fix)
    found = _usual(path, columns, key)
    if found is None:
        usual = ", ".join(USUAL_NAMES[key])
        raise DataError(
            f"{path}:1: no column {usual}, but {', '.join(columns) or 'nothing'}",
            fix=f"name the columns in the first line, or set data.{key}_column, with "
            "data.header=false if there is no such line",
        )
    return found


def _usual(path: Path, columns: Sequence[str], key: str) -> int | None:
    places = [n for n, name in enumerate(columns) if name.casefold() in USUAL_NAMES[key]]
    if len(places) > 1:
        names = " or ".join(columns[place] for place in places)
        raise DataError(
            f"{path}:1: the column of the {key} may be {names}", fix=f"set data.{key}_column"
        )
    return places[0] if places else None


class _Entry(NamedTuple):
    split: str
    class_name: str
    name: str
    path: Path


@dataclass
class _Reading:
    """What the rows so far have named."""

    root: Path
    pictures_dir: str
    report: Report
    files: FilesBelow
    _entries: dict[str, tuple[_Entry, str]] = field(default_factory=dict)
    """With the place of the row, by the key of the path."""

    def add(self, row: str, path: str | None, label: str | None, split: str | None) -> None:
        """`row` is its `FILE:LINE`."""
        name = str(PurePosixPath(self.pictures_dir, relative(path or "")))
        class_name = _class(label or "")
        entry = _Entry(_split(split), class_name, name, self.files.place(name))
        twin, place = self._entries.get(collision_key(name), (None, ""))
        if twin is not None:
            raise DataError(*_conflict(entry, twin, place), fix="keep one of the two rows")
        self.files.check(entry.path)
        self._entries[collision_key(name)] = entry, row

    def finished(self, path: Path, known: tuple[str, ...] | None) -> LabelledFiles:
        self._leave_one_spelling()
        trained = (e.class_name for e, _ in self._entries.values() if e.split == "train")
        names = class_names.ordered(trained) if known is None else known
        places = {name: place for place, name in enumerate(names)}
        found = (entry for entry, _ in self._entries.values())
        entries = sorted(found, key=lambda entry: _order(entry, places))
        if known is None:
            require_two_classes(names, path, self.report, fix="add rows of another class")
        for entry in entries:
            if entry.class_name not in names:
                place = self._entries[collision_key(entry.name)][1]
                if known is not None:
                    self.report(unknown_class(place, entry.class_name, names))
                    continue
                message = f"{place}: class '{entry.class_name}' is absent from train"
                fix = did_you_mean(entry.class_name, names, otherwise="give it rows in train")
                self.report(DataError(message, fix=fix))
        labels = {name: label for label, name in enumerate(names)}
        present = {"train", *(entry.split for entry in entries)}
        splits = {
            split: [
                LabelledFile(entry.path, labels[entry.class_name])
                for entry in entries
                if entry.split == split and entry.class_name in labels
            ]
            for split in SPLITS
            if split in present
        }
        return LabelledFiles(names, splits, 0)

    def _leave_one_spelling(self) -> None:
        """Reports classes that are spelled in several ways, and drops the rarer ones."""
        counts = Counter(entry.class_name for entry, _ in self._entries.values())
        for group in class_names.spellings(counts):
            place = next(row for each, row in self._entries.values() if each.class_name == group[1])
            self.report(class_names.collision(place, group, counts))
            self._entries = {
                key: (entry, row)
                for key, (entry, row) in self._entries.items()
                if entry.class_name not in group[1:]
            }


def _class(label: str) -> str:
    name = class_names.written(label)
    if not name or not name.isprintable():
        what = "is not printable text" if name else "is empty"
        raise DataError(f"the label {what}", fix="give each row its class")
    return name


def _order(entry: _Entry, places: Mapping[str, int]) -> tuple[str, int, str, str]:
    """That of class folders, where each class has one."""
    place = places.get(entry.class_name, len(places))
    return entry.split, place, one_form(entry.name), entry.name


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
    for mine, other in ((entry.class_name, twin.class_name), (entry.split, twin.split)):
        if mine != other:
            return (f"'{entry.name}' is '{mine}', but '{other}' in {place}",)
    return (f"'{entry.name}' is in {place} too",)
