"""Guesses what kind of data set is at a path, by the names of what is there."""

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from fmtool.class_names import natural_key
from fmtool.data.inspection import columns
from fmtool.data.inspection.number_guess import facts_of, guess_numbers
from fmtool.data.inspection.unknown import unknown
from fmtool.data.reading import delimited, image_files
from fmtool.data.reading.class_folders import is_ignored, is_of_fmtool
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.text_files import are_class_files, is_text_file
from fmtool.data.reading.text_tables import is_table
from fmtool.data.splitting.split_names import split_called
from fmtool.errors import DataError

DataKind = Literal[
    "picture_folders", "picture_table", "arrays", "number_table", "number_tables",
    "text_table", "text_tables", "text_folders", "text_files", "option",
]  # fmt: skip
DESCRIPTIONS: dict[DataKind, str] = {
    "picture_folders": "pictures, a folder for each class",
    "picture_table": "pictures, in a table of paths and classes",
    "arrays": "arrays of numpy's",
    "number_table": "rows of numbers, in a table with a column for each",
    "number_tables": "rows of numbers, a table for each split",
    "text_table": "texts, in a table with a column of classes",
    "text_tables": "texts, a table for each split",
    "text_folders": "texts, a folder for each class",
    "text_files": "texts, a file for each class and a line for each text",
    "option": "what its own option reads",
}
_TEXT_KINDS: tuple[DataKind, DataKind] = ("text_table", "text_tables")
_NUMBER_KINDS: tuple[DataKind, DataKind] = ("number_table", "number_tables")
"""A table, and a folder with one for each split."""
_ANY = Style()
_ARRAYS = frozenset({".npz", ".npy"})
_MAX_ENTRIES = 1000
"""The entries of a folder that are looked at: enough to know what it is."""


class Guess(NamedTuple):
    """A kind of data set, and the file or folder that holds it."""

    kind: DataKind
    path: Path


def guess(path: Path, option: str | None = None, style: Style = _ANY) -> Guess:
    """DataError, with what is there, if it is none of them.

    Args:
        option: the `data=` that is to read it; None where that is to be found out.
        style: of a table, as far as it is known.
    """
    if option is not None:
        return _of_option(path, option, style)
    found = _of_folder(_descended(path), style) if path.is_dir() else _of_file(path, style)
    if found is None:
        raise unknown(path)
    return found


def _of_option(path: Path, option: str, style: Style) -> Guess:
    of_files: dict[str, DataKind] = {
        "arrays": "arrays",
        "image_folder": "picture_table",
        "text": "text_table",
        "table": "number_table",
    }
    if option not in of_files or option == "arrays" or not path.is_dir():
        return Guess(of_files.get(option, "option"), path)
    if option == "image_folder":
        found = _of_folder(path, style)
        if found is None or found.kind != "picture_table":
            found = Guess("picture_folders", path)
        return found
    listed = _listed(path)
    tables, has_folders = list(filter(is_table, listed)), any(each.is_dir() for each in listed)
    kinds = _NUMBER_KINDS if option == "table" else _TEXT_KINDS
    if option == "table" or (tables and not has_folders):
        return _of_tables(path, tables, kinds) if tables else Guess(kinds[1], path)
    return Guess("text_folders" if has_folders else "text_files", path)


def _of_file(path: Path, style: Style) -> Guess | None:
    suffix = path.suffix.lower()
    if suffix in _ARRAYS:
        return Guess("arrays", path)
    if not is_table(path):
        return None
    beginning = columns.beginning_of(path, style)
    has_cells = delimited.ending(path) in delimited.SUFFIXES
    if suffix in delimited.SUFFIXES and columns.path_column(beginning) is not None:
        return Guess("picture_table", path)
    facts = facts_of(beginning.columns, beginning.rows)
    has_header = beginning.style.has_header is not False
    is_of_numbers = has_cells and guess_numbers(facts, has_header=has_header) is not None
    return Guess("number_table" if is_of_numbers else "text_table", path)


def _of_folder(root: Path, style: Style) -> Guess | None:
    files = [path for path in _listed(root) if path.is_file()]
    tables = [guessed for path in files if (guessed := _of_table(path, style)) is not None]
    for table in tables:
        if table.kind == "picture_table" and _leads_to_pictures(table.path):
            return table
    others = [table for table in tables if table.kind in ("text_table", "number_table")]
    return _of_names(root, files, others)


def _descended(root: Path) -> Path:
    """The folder of the data, where an archive was unpacked into a folder of its own."""
    listed = [path for path in _listed(root) if not is_ignored(path.name)]
    if len(listed) != 1 or not listed[0].is_dir() or listed[0].is_symlink():
        return root
    only = listed[0]
    holds_folders = any(path.is_dir() for path in _listed(only))
    return _descended(only) if holds_folders and split_called(only.name) is None else root


def _leads_to_pictures(path: Path) -> bool:
    """True where the table is the data set, and does not only describe pictures in folders."""
    table = columns.beginning_of(path)
    name = columns.path_column(table)
    return (
        name is not None
        and columns.label_column(table, beside=name) is not None
        and columns.start_of_paths(path, table.values(name)) is not None
    )


def _of_names(root: Path, files: list[Path], tables: list[Guess]) -> Guess | None:
    below = list(_below(root))
    pictures = sum(path.suffix.lower() in image_files.SUFFIXES for path in below)
    texts = sum(is_text_file(path) for path in below)
    if pictures and pictures >= texts:
        return Guess("picture_folders", root)
    if texts:
        return Guess("text_folders", root)
    if tables:
        trained = (each for each in tables if split_called(each.path.name.split(".")[0]) == "train")
        kind = next(trained, tables[0]).kind
        alike = [table.path for table in tables if table.kind == kind]
        return _of_tables(root, alike, _NUMBER_KINDS if kind == "number_table" else _TEXT_KINDS)
    arrays = [path for path in files if path.suffix.lower() in _ARRAYS]
    if arrays:
        return Guess("arrays", arrays[0] if arrays[0].suffix.lower() == ".npz" else root)
    if any(path.suffix.lower() in image_files.SUFFIXES for path in files):
        return Guess("picture_folders", root)
    are_texts = any(map(is_text_file, files)) or are_class_files(files)
    return Guess("text_files", root) if are_texts and len(files) > 1 else None


def _of_tables(root: Path, tables: Sequence[Path], kinds: tuple[DataKind, DataKind]) -> Guess:
    """All of them where each is a split, and there is nothing else; otherwise one of them."""
    one, several = kinds
    splits = {path: split_called(path.name.split(".")[0]) for path in tables}
    found = set(splits.values()) - {None}
    are_all = "train" in found and len(found) == len(_listed(root)) > 1
    if are_all and len({frozenset(_columns(path)) for path in tables}) == 1:
        return Guess(several, root)
    return Guess(one, min(tables, key=lambda path: (splits[path] != "train", path.name)))


def _columns(table: Path) -> Sequence[str]:
    try:
        return columns.beginning_of(table).columns
    except DataError:
        return ()


def _of_table(path: Path, style: Style) -> Guess | None:
    """None also for what only looks like a table: the folder may hold a data set beside it."""
    if not is_table(path):
        return None
    try:
        return _of_file(path, style)
    except DataError:
        return None


def _below(root: Path) -> Iterator[Path]:
    """Files in the folders of `root` and in those of them, as class folders of splits are."""
    for folder in _listed(root):
        if folder.is_dir() and not folder.is_symlink():
            for path in _listed(folder):
                if path.is_dir() and not path.is_symlink():
                    yield from _listed(path)
                else:
                    yield path


def _listed(folder: Path) -> list[Path]:
    """The content of `folder`, sorted, hidden files aside; nothing if it may not be read."""
    try:
        with os.scandir(folder) as entries:
            names = [each.name for each in islice(entries, _MAX_ENTRIES)]
    except OSError:
        return []
    in_order = sorted(names, key=lambda name: (natural_key(name), name))
    paths = (folder / name for name in in_order if not name.startswith("."))
    return [path for path in paths if not is_of_fmtool(path)]
