"""Says what is at a path where no data set of a known kind is."""

import os
import shlex
from collections import Counter
from pathlib import Path

from fmtool.data.reading.class_folders import is_ignored
from fmtool.errors import DataError

_MOST_ENDINGS = 5
"""The kinds of files that a message names."""
_FIX = (
    "give a folder with a folder of pictures or .txt files for each class, a .csv or .tsv, a "
    ".jsonl with a column of classes, an .npz, or a text file for each class"
)


def unknown(path: Path) -> DataError:
    """The error, with what there is, and how to have it read as texts."""
    endings, folders = _found(path)
    if not endings:
        return DataError(f"{path}: no data set of a known kind: there are no files", fix=_FIX)
    by_count = sorted(endings.items(), key=lambda each: (-each[1], each[0]))
    shown = [_shown(ending, count) for ending, count in by_count[:_MOST_ENDINGS]]
    others = sum(count for _, count in by_count[_MOST_ENDINGS:])
    if others:
        shown.append(f"{others:,} others")
    where = f" in {folders:,} folder{'s' * (folders != 1)}" if path.is_dir() else ""
    message = f"{path}: no data set of a known kind, but {', '.join(shown)}{where}"
    if not path.is_dir():
        return DataError(message, fix="if it is a table, give it the ending .csv or .tsv")
    if sum(endings.values()) < 2:
        return DataError(message, fix=_FIX)
    word = shlex.quote(f"path={path}")
    return DataError(message, fix=f"if they are texts: fmtool data inspect {word} data=text")


def _found(path: Path) -> tuple[Counter[str], int]:
    """The files by their endings, and how many folders they are in."""
    if not path.is_dir():
        return Counter([path.suffix.lower()]), 1
    endings: Counter[str] = Counter()
    folders = set()
    for parent, names, files in os.walk(path):
        names[:] = [name for name in names if not is_ignored(name)]
        for name in files:
            if not is_ignored(name):
                endings[Path(name).suffix.lower()] += 1
                folders.add(parent)
    return endings, len(folders)


def _shown(ending: str, count: int) -> str:
    files = f"file{'s' * (count != 1)}"
    return f"{count:,} {ending} {files}" if ending else f"{count:,} {files} without an ending"
