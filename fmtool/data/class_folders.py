"""Finds the files of a data set that is a folder for each class, and everything odd about them."""

import os
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fmtool.data.image_files import SUFFIXES
from fmtool.data.regular_file import unreadable
from fmtool.errors import DataError
from fmtool.suggest import did_you_mean

SPLITS = ("train", "validation", "test")
_SYSTEM_FILES = frozenset({"__macosx", "thumbs.db", "desktop.ini"})
"""What unpackers and file managers leave behind, in lower case; hidden files beside."""


class LabelledFile(NamedTuple):
    path: Path
    label: int


class Listing(NamedTuple):
    """What is in one folder, sorted by name; `ignored` files and folders are no part of it."""

    folders: list[Path]
    files: list[Path]
    ignored: int


@dataclass(frozen=True)
class FileKind:
    """What the files of the classes are.

    Args:
        suffixes: of their names, lower case.
        one, many: in words.
    """

    suffixes: Collection[str]
    one: str
    many: str


PICTURES = FileKind(SUFFIXES, "picture", "pictures")


@dataclass(frozen=True)
class ClassFolders:
    """What `scan_class_folders` found.

    Args:
        class_names: sorted; a label is a place in it.
        splits: the files by split, sorted by class and name; `train` is always there.
        ignored: how many files and folders are no part of the data.
    """

    class_names: tuple[str, ...]
    splits: Mapping[str, tuple[LabelledFile, ...]]
    ignored: int


def scan_class_folders(root: Path, kind: FileKind = PICTURES) -> ClassFolders:
    """The files of `root`/<class>/, or of `root`/{train,validation,test}/<class>/.

    No file is opened. Names are compared in Unicode's composed form, and the order depends on
    them alone, so that every file system gives the same data set.

    Raises:
        DataError: fewer than two classes, an empty one or one absent from train, names that
            collide, a link that loops or leaves `root`, or what is neither file nor folder.
    """
    scan = _Scan(root, kind)
    classes = {split: scan.classes(folder) for split, folder in scan.splits().items()}
    names = sorted(classes["train"])
    if len(names) < 2:
        found = f"1 class, '{names[0]}'" if names else "0 class folders"
        raise DataError(f"{root}: {found}; need 2 classes", fix="make a folder for each class")
    for folders in classes.values():
        for name in folders.keys() - set(names):
            raise DataError(
                f"{folders[name]}: class '{name}' is absent from train",
                fix=did_you_mean(name, names, otherwise="remove it, or give it training pictures"),
            )
    labels = {name: label for label, name in enumerate(names)}
    splits = {
        split: tuple(
            LabelledFile(path, labels[name])
            for name in sorted(folders)
            for path in scan.files(folders[name], name)
        )
        for split, folders in classes.items()
    }
    return ClassFolders(tuple(names), splits, scan.ignored)


class _Scan:
    """Lists folders below `root`; counts what it leaves out."""

    def __init__(self, root: Path, kind: FileKind) -> None:
        self._root, self._kind = root, kind
        self._real_root = os.path.realpath(root)
        self.ignored = 0

    def splits(self) -> dict[str, Path]:
        """The folders of the splits; `root` itself as `train` where it holds the classes."""
        train = self._root / "train"
        # A class may be called `train` too: then it holds files.
        if not train.is_dir() or not any(entry.is_dir() for entry in _listed(train)):
            return {"train": self._root}
        found = self._folders(self._root)
        for name, folder in found.items():
            if name not in SPLITS:
                raise DataError(
                    f"{folder}: not a split, beside train", fix=did_you_mean(name, SPLITS)
                )
        return found

    def classes(self, folder: Path) -> dict[str, Path]:
        """The class folders in `folder` by name."""
        found = self._folders(folder)
        for name, place in found.items():
            if not name.isprintable():
                raise DataError(f"{place}: the name is not printable text", fix="rename the folder")
        return found

    def files(self, folder: Path, class_name: str) -> list[Path]:
        """What is in the folder of a class, whatever its ending."""
        entries = self._entries(folder)
        for entry in entries:
            if entry.is_dir():
                raise DataError(
                    f"{entry.path}: a folder within class '{class_name}'",
                    fix=f"move its {self._kind.many} into the folder of the class",
                )
            if not entry.is_file():
                raise DataError(f"{entry.path}: not a regular file", fix="remove it")
        if not entries:
            raise DataError(
                f"{folder}: class '{class_name}': 0 {self._kind.many}",
                fix=f"add {self._kind.many} or remove the folder",
            )
        return [Path(entry.path) for entry in entries]

    def _folders(self, folder: Path) -> dict[str, Path]:
        """The folders in `folder`; other files are left out unless they are of the kind."""
        found = {}
        for entry in self._entries(folder):
            path = Path(entry.path)
            if entry.is_dir():
                found[unicodedata.normalize("NFC", entry.name)] = path
            elif path.suffix.lower() in self._kind.suffixes:
                raise DataError(
                    f"{path}: a {self._kind.one} outside of the class folders",
                    fix="move it into the folder of its class",
                )
            else:
                self.ignored += 1
        return found

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """What is in `folder`, sorted by name, its links checked, hidden and system files aside."""
        listed = _listed(folder)
        entries = [entry for entry in listed if not _is_ignored(entry.name)]
        self.ignored += len(listed) - len(entries)
        entries.sort(key=lambda entry: (unicodedata.normalize("NFC", entry.name), entry.name))
        by_key: dict[str, os.DirEntry[str]] = {}
        for entry in entries:
            twin = by_key.setdefault(unicodedata.normalize("NFC", entry.name).casefold(), entry)
            if twin is not entry:
                raise DataError(
                    f"{entry.path}: names collide, '{twin.name}' is there too",
                    fix="rename one: not every file system tells the two apart",
                )
            if entry.is_symlink():
                self._check_link(entry.path)
        return entries

    def _check_link(self, path: str) -> None:
        try:
            target = Path(os.path.realpath(path, strict=True))
        except OSError as error:
            raise unreadable(Path(path), error) from error
        if Path(os.path.realpath(Path(path).parent)).is_relative_to(target):
            raise DataError(f"{path}: symlink loop", fix="remove the link")
        if not target.is_relative_to(self._real_root):
            raise DataError(
                f"{path}: link leaves dataset", fix="copy there what it links to, or remove it"
            )


def list_folder(root: Path) -> Listing:
    """What is in `root` itself; DataError as `scan_class_folders`."""
    scan = _Scan(root, PICTURES)
    entries = scan._entries(root)
    folders = [Path(entry.path) for entry in entries if entry.is_dir()]
    files = [Path(entry.path) for entry in entries if not entry.is_dir()]
    return Listing(folders, files, scan.ignored)


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError as error:
        raise unreadable(folder, error) from error


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name.lower() in _SYSTEM_FILES
