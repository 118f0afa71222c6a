"""The inputs that `input=` names: files of one kind, or standard input."""

import glob
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fmtool.data.reading import class_folders, delimited, image_files, text_files, text_tables
from fmtool.data.reading.labelled_files import nfc
from fmtool.data.reading.text_lines import STANDARD_INPUT
from fmtool.elements import SampleKind
from fmtool.errors import DataError, UsageError

InputKind = Literal["pictures", "lines", "table", "arrays", "stream", "unknown"]

WHAT: Mapping[InputKind, str] = {
    "pictures": "pictures",
    "lines": "lines of text",
    "table": "a table",
    "arrays": "arrays",
    "stream": "standard input",
    "unknown": "of no known ending",
}
"""For messages."""

ACCEPTED: Mapping[SampleKind, str] = {
    "image": "pictures, a folder of them, a .csv or .tsv of their paths, or a .npy or .npz file",
    "text": "a .txt, .csv, .tsv, .jsonl, .npy or .npz file, or - for standard input",
    "features": "a .csv, .tsv, .npy or .npz file, or - for standard input",
}
"""By what a model reads."""

_ARRAYS = (".npy", ".npz")


@dataclass(frozen=True)
class Inputs:
    """Files that are not opened yet; `paths` has one for a stream too."""

    kind: InputKind
    paths: tuple[Path, ...]
    ignored: int = 0
    """Files of a folder that are no pictures."""

    def name_of(self, path: Path, place: object) -> str:
        """The name of a line or row of a file: the place alone if there is one file."""
        return str(place) if len(self.paths) == 1 else f"{path}:{place}"


def find(words: str) -> Inputs:
    """A file, the pictures of a folder and of the folders in it, what a pattern fits, or `-`.

    Raises:
        UsageError: there is nothing of that name, or things of several kinds.
        DataError: a folder without pictures.
    """
    if words in ("-", str(STANDARD_INPUT)):
        return Inputs("stream", (STANDARD_INPUT,))
    path = Path(words)
    try:
        if path.is_dir():
            return _of_folder(path)
        if not path.exists():
            return _of_pattern(words)
    except (OSError, ValueError) as error:  # a name that is too long, or holds a NUL character
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"input={words}: {reason.lower()}", fix="correct the path") from error
    return Inputs(kind_of(path), (path,))


def kind_of(path: Path) -> InputKind:
    """By the ending of the name."""
    if path.suffix.lower() in image_files.SUFFIXES:
        return "pictures"
    if path.suffix.lower() in _ARRAYS:
        return "arrays"
    if text_tables.is_table(path):
        return "table"
    return "lines" if text_files.is_text_file(path) else "unknown"


def may_be_csv(path: Path) -> bool:
    """True where a table, or what comes from a stream, has rows of cells."""
    return delimited.ending(path) in ("", *delimited.SUFFIXES)


def _of_pattern(words: str) -> Inputs:
    found = sorted(Path(name) for name in glob.glob(words, recursive=True))  # noqa: PTH207 - absolute patterns too
    files = [path for path in found if not path.is_dir()]
    if not files:
        what = "fits no file" if glob.has_magic(words) else "no such file or folder"
        raise UsageError(f"input={words}: {what}", fix="correct the path")
    kinds = sorted({kind_of(path) for path in files})
    if len(kinds) > 1:
        raise UsageError(
            f"input={words} fits files of several kinds: {', '.join(kinds)}",
            fix="name those of one kind, as in 'pictures/*.png'",
        )
    return Inputs(kinds[0], tuple(files))


def _of_folder(root: Path) -> Inputs:
    others = 0
    pictures = []
    for path in _walk(root):
        if kind_of(path) == "pictures":
            pictures.append(path)
        else:
            others += 1
    if not pictures:
        raise DataError(
            f"{root}: 0 pictures in it",
            fix="name a folder of pictures, or a file of something else",
        )
    return Inputs("pictures", tuple(pictures), others)


def _walk(root: Path) -> Iterator[Path]:
    """The files below `root`, sorted by their paths; no link to a folder is followed."""

    def stop(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(root, onerror=stop):
        folders[:] = sorted(
            (name for name in folders if not class_folders.is_ignored(name)), key=nfc
        )
        for name in sorted(files, key=nfc):
            if not class_folders.is_ignored(name):
                yield Path(folder, name)
