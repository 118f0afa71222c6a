"""Paths in the rows of a table, which lead downwards from its folder and nowhere else."""

import os
import stat
from pathlib import Path, PurePosixPath

from fmtool.data.reading.labelled_files import check_link, nfc
from fmtool.data.reading.regular_file import unreadable
from fmtool.errors import DataError


def relative(path: str) -> str:
    """DataError for what is no path downwards from the folder of the table."""
    if not path or not path.isprintable():
        what = "is not printable text" if path else "is empty"
        raise DataError(f"the path {what}", fix="name a file")
    if "\\" in path:
        raise DataError(f"'{path}' has backslashes", fix="write / between folders")
    if path.startswith("/") or ".." in PurePosixPath(path).parts:
        raise DataError(
            f"'{path}' leaves the folder of the table",
            fix="move the table above the files, and name them by their path from there",
        )
    return path


class FilesBelow:
    """Files below a folder, none of which is reached by a link that leads out of it."""

    def __init__(self, root: Path) -> None:
        self._root, self._real_root = root, os.path.realpath(root)
        self._checked: set[Path] = set()
        """Folders that no link leads out of."""
        self._names: dict[Path, dict[str, str]] = {}
        """The names on disk by their composed form, of folders that were looked through."""

    def place(self, name: str) -> Path:
        """The path of a file by its `name` in the table, in the Unicode form that is on disk.

        Some systems and archives decompose accents. A name that is not there stays as it is.
        """
        path = self._root / name
        if name.isascii() or os.path.lexists(path):
            return path
        found = self._root
        for part in PurePosixPath(name).parts:
            below = found / part
            if not os.path.lexists(below):
                below = found / self._names_in(found).get(nfc(part), part)
            found = below
        return found

    def _names_in(self, folder: Path) -> dict[str, str]:
        if folder not in self._names:
            listed = folder.iterdir() if folder.is_dir() else ()
            self._names[folder] = {nfc(each.name): each.name for each in listed}
        return self._names[folder]

    def check(self, path: Path) -> None:
        """DataError for what is no file, or is reached by a link out of the folder."""
        if path.parent not in self._checked:
            if not Path(os.path.realpath(path.parent)).is_relative_to(self._real_root):
                raise DataError(f"{path}: link leaves dataset", fix="copy there what it links to")
            self._checked.add(path.parent)
        try:
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                check_link(str(path), self._real_root)
                mode = path.stat().st_mode
        except OSError as error:
            raise unreadable(path, error) from error
        if not stat.S_ISREG(mode):
            raise DataError(f"{path}: not a regular file", fix="name a file")
