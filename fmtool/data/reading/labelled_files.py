"""Files and their targets, found on the user's own disk, and the rules that all of them keep."""

import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading.regular_file import unreadable
from fmtool.errors import DataError
from fmtool.targets import Target


class LabelledFile(NamedTuple):
    """A file and its row of the target: the place of a class, zeros and ones, or numbers."""

    path: Path
    label: Any


@dataclass(frozen=True)
class LabelledFiles:
    """A data set whose samples are files.

    Args:
        target: what a label is; classes are sorted.
        splits: the files by split, sorted by class and name; `train` is always there.
        ignored: how many files and folders are no part of the data.
    """

    target: Target
    splits: Mapping[str, Sequence[LabelledFile]]
    ignored: int

    def targets(self) -> dict[str, NDArray[Any]]:
        """The rows of the target by split."""
        target = self.target
        return {
            split: np.array([file.label for file in files], target.dtype).reshape(
                len(files), *target.shape
            )
            for split, files in self.splits.items()
        }


def nfc(name: str) -> str:
    """`name` in Unicode's composed form: file systems differ in which they give."""
    return unicodedata.normalize("NFC", name)


def below(path: Path, folder: Path) -> str:
    """`path` within `folder` with slashes, or as it is where it lies elsewhere."""
    return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()


def collision_key(name: str) -> str:
    """Equal for names that not every file system tells apart."""
    return nfc(name).casefold()


def check_link(path: str, real_root: str) -> None:
    """DataError for a link that loops, leads nowhere, or out of the folder of the data set."""
    try:
        target = Path(os.path.realpath(path, strict=True))
    except OSError as error:
        raise unreadable(Path(path), error) from error
    if Path(os.path.realpath(Path(path).parent)).is_relative_to(target):
        raise DataError(f"{path}: symlink loop", fix="remove the link")
    if not target.is_relative_to(real_root):
        raise DataError(
            f"{path}: link leaves dataset", fix="copy there what it links to, or remove it"
        )
