"""Finds the files of a data set that is a folder for each class, and everything odd about them."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from fmtool import class_names
from fmtool.data.reading.image_files import SUFFIXES
from fmtool.data.reading.labelled_files import (
    LabelledFile,
    LabelledFiles,
    check_link,
    collision_key,
    nfc,
)
from fmtool.data.reading.labels import require_two_classes
from fmtool.data.reading.problems import Report, stop
from fmtool.data.reading.regular_file import unreadable
from fmtool.data.splitting.split_names import ALIASES, SPLITS, split_called
from fmtool.errors import DataError
from fmtool.runs.layout import RunPaths
from fmtool.suggest import did_you_mean
from fmtool.targets import Label
from fmtool.targets.classes import unknown_class

_CONFIG_FOLDER, _RUNS_FOLDER = "fmtool_conf", "runs"
_MOST_LOOKED_AT = 10
"""Entries of a folder by which one of runs is told."""
_SYSTEM_FILES = frozenset({"__macosx", "thumbs.db", "desktop.ini"})
"""Names that unpackers and file managers leave behind, in lower case; hidden files beside."""


class Listing(NamedTuple):
    """The content of one folder, sorted by name; `ignored` counts the entries that are left out."""

    folders: list[Path]
    files: list[Path]
    ignored: int


@dataclass(frozen=True)
class FileKind:
    """The kind of files that the folders of classes hold.

    Args:
        suffixes: of their names, lower case.
        one, many: in words.
    """

    suffixes: Collection[str]
    one: str
    many: str


PICTURES = FileKind(SUFFIXES, "picture", "pictures")


def scan_class_folders(
    root: Path,
    kind: FileKind = PICTURES,
    *,
    report: Report = stop,
    known: tuple[str, ...] | None = None,
) -> LabelledFiles:
    """The files of `root`/<class>/, or of `root`/{train,validation,test}/<class>/.

    No file is opened. Names are compared in Unicode's composed form, and the order depends on
    them alone, so that every file system gives the same data set.

    Args:
        report: takes a DataError for fewer than two classes, an empty one or one absent from
            train, names that collide, a link that loops or leaves `root`, and what is neither
            file nor folder.
        known: the classes of a run, for samples that its model is measured on: all of them, or
            the folder `train`, may be missing then, and others are reported.
    """
    scan = _Scan(root, kind, report)
    classes = {split: scan.classes(folder) for split, folder in scan.splits(known).items()}
    for found in classes.values():
        scan.leave_one_spelling(found)
    names = class_names.ordered(classes["train"]) if known is None else known
    table = ", or name a table of paths and labels" if kind is PICTURES else ""
    fix = f"make a folder for each class{table}"
    if known is None:
        require_two_classes(names, root, report, fix=fix, none="0 class folders")
    for folders in classes.values():
        for name in sorted(folders.keys() - set(names)):
            report(_absent(folders[name], name, names, kind, is_known=known is not None))
            del folders[name]
    labels = {name: label for label, name in enumerate(names)}
    splits = {
        split: tuple(
            LabelledFile(path, labels[name])
            for name in class_names.ordered(folders)
            for path in scan.files(folders[name], name)
        )
        for split, folders in classes.items()
    }
    return LabelledFiles(Label(names), splits, scan.ignored)


def _absent(
    folder: Path, name: str, names: Sequence[str], kind: FileKind, *, is_known: bool
) -> DataError:
    if is_known:
        return unknown_class(folder, name, names)
    fix = did_you_mean(name, names, otherwise=f"remove it, or give it training {kind.many}")
    return DataError(f"{folder}: class '{name}' is absent from train", fix=fix)


class _Scan:
    """Lists folders below `root`; counts what it leaves out."""

    def __init__(self, root: Path, kind: FileKind, report: Report) -> None:
        self._root, self._kind = root, kind
        self._real_root = os.path.realpath(root)
        self._report = report
        self.ignored = 0

    def splits(self, known: Collection[str] | None = None) -> dict[str, Path]:
        """The folders of the splits; `root` itself as `train` where it holds the classes.

        Args:
            known: see `scan_class_folders`; with them any one split makes its folder one.
        """
        usual = ("train",) if known is None else (*SPLITS, *ALIASES)
        # A class may be called `train` too: then it holds files.
        if not any(self._holds_folders(self._root / name) for name in usual):
            return {"train": self._root}
        found: dict[str, Path] = {}
        for name, folder in self._folders(self._root).items():
            split = split_called(name)
            if split is None:
                fix = did_you_mean(name, SPLITS)
                self._report(DataError(f"{folder}: not a split, beside train", fix=fix))
            elif split in found:
                message = f"{folder}: split {split} is in {found[split]} too"
                self._report(DataError(message, fix="put both into one folder"))
            else:
                found[split] = folder
        return found

    def _holds_folders(self, folder: Path) -> bool:
        return folder.is_dir() and any(entry.is_dir() for entry in self._listed(folder))

    def classes(self, folder: Path) -> dict[str, Path]:
        """The class folders in `folder` by name."""
        found = self._folders(folder)
        for name in [name for name in found if not name.isprintable()]:
            message = f"{found.pop(name)}: the name is not printable text"
            self._report(DataError(message, fix="rename the folder"))
        return found

    def leave_one_spelling(self, folders: dict[str, Path]) -> None:
        """Reports classes that are spelled in several ways, and drops those with fewer files."""
        counts = dict.fromkeys(folders, 0)
        for group in class_names.spellings(counts):
            counts |= {name: len(self._listed(folders[name])) for name in group}
            group.sort(key=lambda name: -counts[name])
            root = folders[group[0]].parent
            self._report(class_names.collision(root, group, counts))
            for name in group[1:]:
                del folders[name]

    def files(self, folder: Path, class_name: str) -> list[Path]:
        """The content of the folder of a class, whatever its ending."""
        entries = self._entries(folder)
        if not entries:
            many = self._kind.many
            fix = f"add {many} or remove the folder"
            self._report(DataError(f"{folder}: class '{class_name}': 0 {many}", fix=fix))
        files = []
        for entry in entries:
            if entry.is_dir():
                message = f"{entry.path}: a folder within class '{class_name}'"
                fix = f"move its {self._kind.many} into the folder of the class"
                self._report(DataError(message, fix=fix))
            elif not entry.is_file():
                self._report(DataError(f"{entry.path}: not a regular file", fix="remove it"))
            else:
                files.append(Path(entry.path))
        return files

    def _folders(self, folder: Path) -> dict[str, Path]:
        """The folders in `folder`; other files are left out unless they are of the kind."""
        found = {}
        for entry in self._entries(folder):
            path = Path(entry.path)
            if entry.is_dir():
                found[class_names.written(entry.name)] = path
            elif path.suffix.lower() in self._kind.suffixes:
                message = f"{path}: a {self._kind.one} outside of the class folders"
                self._report(DataError(message, fix="move it into the folder of its class"))
            else:
                self.ignored += 1
        return found

    def _entries(self, folder: Path) -> list[os.DirEntry[str]]:
        """The entries of `folder` by name, with links checked, hidden and system files aside."""
        listed = self._listed(folder)
        entries = [
            entry
            for entry in listed
            if not (is_ignored(entry.name) or is_of_fmtool(Path(entry.path)))
        ]
        self.ignored += len(listed) - len(entries)
        entries.sort(key=lambda entry: (nfc(entry.name), entry.name))
        by_key: dict[str, os.DirEntry[str]] = {}
        for entry in entries:
            try:
                self._check(entry, by_key.get(collision_key(entry.name)))
            except DataError as problem:
                self._report(problem)
            else:
                by_key[collision_key(entry.name)] = entry
        return list(by_key.values())

    def _check(self, entry: os.DirEntry[str], twin: os.DirEntry[str] | None) -> None:
        if twin is not None:
            raise DataError(
                f"{entry.path}: names collide, '{twin.name}' is there too",
                fix="rename one: not every file system tells the two apart",
            )
        if entry.is_symlink():
            check_link(entry.path, self._real_root)

    def _listed(self, folder: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return list(entries)
        except OSError as error:
            self._report(unreadable(folder, error))
            return []


def list_folder(root: Path, report: Report) -> Listing:
    """The content of `root` itself; names and links are reported as by `scan_class_folders`."""
    scan = _Scan(root, PICTURES, report)
    entries = scan._entries(root)
    folders = [Path(entry.path) for entry in entries if entry.is_dir()]
    files = [Path(entry.path) for entry in entries if not entry.is_dir()]
    return Listing(folders, files, scan.ignored)


def is_of_fmtool(folder: Path) -> bool:
    """True for a folder of runs or of YAML files: a training may work where its data are."""
    if folder.name == _CONFIG_FOLDER:
        return True
    if folder.name != _RUNS_FOLDER:
        return False
    try:
        with os.scandir(folder) as entries:
            first = [Path(each.path) for each in islice(entries, _MOST_LOOKED_AT)]
    except OSError:
        return False
    return any(RunPaths(each).is_run() for each in first)


def is_ignored(name: str) -> bool:
    """True where a file or folder is hidden, or one that no user has put there."""
    return name.startswith(".") or name.lower() in _SYSTEM_FILES
