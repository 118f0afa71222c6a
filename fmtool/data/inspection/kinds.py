"""Guesses what kind of data set is at a path, by the names of what is there."""

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from fmtool.data.inspection import columns
from fmtool.data.reading import delimited, image_files
from fmtool.data.reading.text_files import is_text_file
from fmtool.data.reading.text_tables import is_table
from fmtool.data.splitting.split_names import split_called
from fmtool.errors import DataError

Kind = Literal[
    "picture_folders", "picture_table", "arrays",
    "text_table", "text_tables", "text_folders", "text_files",
]  # fmt: skip
DESCRIPTIONS: dict[Kind, str] = {
    "picture_folders": "pictures, a folder for each class",
    "picture_table": "pictures, in a table of paths and classes",
    "arrays": "arrays of numpy's",
    "text_table": "texts, in a table with a column of classes",
    "text_tables": "texts, a table for each split",
    "text_folders": "texts, a folder for each class",
    "text_files": "texts, a file for each class and a line for each text",
}
_ARRAYS = frozenset({".npz", ".npy"})
_MAX_ENTRIES = 1000
"""The entries of a folder that are looked at: enough to know what it is."""


class Guess(NamedTuple):
    """A kind of data set, and the file or folder that holds it."""

    kind: Kind
    path: Path


def guess(path: Path) -> Guess:
    """DataError, with what is known, if it is none of them."""
    found = _of_folder(path) if path.is_dir() else _of_file(path)
    if found is None:
        raise DataError(
            f"{path}: no data set of a known kind",
            fix="give a folder with a folder of pictures or .txt files for each class, a .csv, "
            ".tsv or .jsonl with a column of classes, an .npz, or a text file for each class",
        )
    return found


def _of_file(path: Path) -> Guess | None:
    suffix = path.suffix.lower()
    if suffix in _ARRAYS:
        return Guess("arrays", path)
    if not is_table(path):
        return None
    beginning = columns.beginning_of(path)
    is_of_pictures = suffix in delimited.SUFFIXES and columns.path_column(beginning) is not None
    return Guess("picture_table" if is_of_pictures else "text_table", path)


def _of_folder(root: Path) -> Guess | None:
    files = [path for path in _listed(root) if path.is_file()]
    tables = [guessed for path in files if (guessed := _of_table(path)) is not None]
    for table in tables:
        if table.kind == "picture_table" and _leads_to_pictures(table.path):
            return table
    texts = [table.path for table in tables if table.kind == "text_table"]
    return _of_names(root, files, texts)


def _leads_to_pictures(path: Path) -> bool:
    """True where the table is the data set, and does not only describe pictures in folders."""
    table = columns.beginning_of(path)
    name = columns.path_column(table)
    return (
        name is not None
        and columns.label_column(table, beside=name) is not None
        and columns.start_of_paths(path, table.values(name)) is not None
    )


def _of_names(root: Path, files: list[Path], tables: list[Path]) -> Guess | None:
    below = list(_below(root))
    pictures = sum(path.suffix.lower() in image_files.SUFFIXES for path in below)
    texts = sum(is_text_file(path) for path in below)
    if pictures and pictures >= texts:
        return Guess("picture_folders", root)
    if texts:
        return Guess("text_folders", root)
    if tables:
        return _of_text_tables(root, tables)
    arrays = [path for path in files if path.suffix.lower() in _ARRAYS]
    if arrays:
        return Guess("arrays", arrays[0] if arrays[0].suffix.lower() == ".npz" else root)
    if any(path.suffix.lower() in image_files.SUFFIXES for path in files):
        return Guess("picture_folders", root)
    return Guess("text_files", root) if len(files) > 1 else None


def _of_text_tables(root: Path, tables: list[Path]) -> Guess:
    """All of them where each is a split, and there is nothing else; otherwise one of them."""
    splits = {path: split_called(path.name.split(".")[0]) for path in tables}
    found = set(splits.values()) - {None}
    if "train" in found and len(found) == len(_listed(root)) > 1:
        return Guess("text_tables", root)
    return Guess("text_table", min(tables, key=lambda path: (splits[path] != "train", path.name)))


def _of_table(path: Path) -> Guess | None:
    """None also for what only looks like a table: the folder may hold a data set beside it."""
    if not is_table(path):
        return None
    try:
        return _of_file(path)
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
    return [folder / name for name in sorted(names) if not name.startswith(".")]
