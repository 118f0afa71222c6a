"""Labelled texts in the files of anybody's, and what is wrong with them, by file and line.

    PATH.csv, .tsv or .jsonl                     columns for text, label and, if need be, split
    PATH/{train,validation,test}.csv             the same, a file for each split
    PATH/[{train,validation,test}/]CLASS/*.txt   a file for each text
    PATH/CLASS.txt                               a file for each class, a text on each line
    PATH/NAME.CLASS                              the same, of files that differ only in the ending

With `takes_all` files of classes may have any ending, or none, where `.txt` stands. Each may be
gzipped, with `.gz` at the end of its name. Nothing but `PATH` is read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from fmtool import class_names
from fmtool.data.reading.class_folders import FileKind, Listing, list_folder, scan_class_folders
from fmtool.data.reading.labelled_text import LabelledText, is_sound
from fmtool.data.reading.problems import Report, stop
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.text_lines import LineError, read_lines
from fmtool.data.reading.text_tables import (
    SUFFIXES,
    Columns,
    has_json_lines,
    is_table,
    read_objects,
    read_table,
)
from fmtool.data.splitting.split_names import SPLITS, split_called
from fmtool.errors import DataError
from fmtool.suggest import did_you_mean

_TAKE_ALL = "remove it, or set data.files=all where it is a text"
_TEXTS = FileKind((".txt", ".gz", *SUFFIXES), "text file", "texts")


@dataclass(frozen=True)
class TextStream:
    """Texts that are read as they are iterated over, once.

    Args:
        ignored: how many files and folders are no part of the data.
    """

    texts: Iterator[LabelledText]
    ignored: int = 0


def open_texts(
    path: Path,
    columns: Columns,
    style: Style,
    report: Report,
    *,
    known: tuple[str, ...] | None = None,
    takes_all: bool = False,
) -> TextStream:
    """The labelled texts of `path`, a file or folder; what is not one label needs a table.

    What is wrong with a text is reported, and the text left out: it is empty, too long, not in
    this encoding, has no label or a split that is none, or is no row of its table.

    Args:
        known: the classes of a run, see `class_folders.scan_class_folders`.
        takes_all: whether files of classes are texts whatever their ending.

    Raises:
        DataError: what is wrong with a file or folder as a whole, also while iterating.
        OutOfMemory: a file is larger than the memory.
    """
    if not path.is_dir():
        if not is_table(path):
            kinds = f"{', '.join(SUFFIXES)}, or one of these with .gz"
            raise DataError(f"{path}: not a folder or a table", fix=f"give it the ending {kinds}")
        return TextStream(_of_table(path, None, columns, style, report))
    problems: list[DataError] = []
    listing = list_folder(path, problems.append)
    if not any(is_table(file) for file in listing.files) or listing.folders:
        columns.target.require_label(f"{path}: folders and files of classes")
    if listing.folders:
        # Which finds the same problems.
        return _of_class_folders(path, style.encoding, report, known, takes_all=takes_all)
    for problem in problems:
        report(problem)
    if any(is_table(file) for file in listing.files):
        tables = _of_splits(listing, path, needs_train=known is None)
        rows = (
            row
            for split, table in tables.items()
            for row in _of_table(table, split, columns, style, report)
        )
        return TextStream(rows, listing.ignored)
    classes = _with_classes(listing.files, report, takes_all=takes_all)
    texts = _of_class_files(classes, path, style.encoding, report, known)
    return TextStream(texts, listing.ignored)


def tables_by_split(root: Path, *, needs_train: bool = True) -> dict[str, Path]:
    """The tables in `root` where it holds one for each split; DataError where it does not."""
    return _of_splits(list_folder(root, stop), root, needs_train=needs_train)


def begins_with_a_list(path: Path, column: str, style: Style) -> bool:
    """True where labels are lists: those in the first line of JSON Lines, by the first table."""
    files = [path] if not path.is_dir() else list_folder(path, lambda _: None).files
    tables = [file for file in files if has_json_lines(file)]
    rows = read_objects(tables[0], style, lambda _: None) if tables else iter(())
    return any(isinstance(row.get(column), list) for _, row in islice(rows, 1))


def is_text_file(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(".txt")


def _of_table(
    path: Path, split: str | None, columns: Columns, style: Style, report: Report
) -> Iterator[LabelledText]:
    for record in read_table(path, columns, style, report):
        stated = split_called(record.split.strip() or "train")
        if stated is None:
            fix = f"{did_you_mean(record.split, SPLITS)}; or set data.split_column=null"
            what = f"no split is called '{record.split.strip()}'"
            report(LineError(path, record.line, what, fix=fix))
            continue
        label = record.label
        if isinstance(label, str):
            label = class_names.written(label)
        found = LabelledText(record.text, label, split or stated, path, record.line)
        if is_sound(found, report):
            yield found


def _of_splits(listing: Listing, root: Path, *, needs_train: bool = True) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for file in listing.files:
        split = split_called(file.name.split(".")[0])
        if not is_table(file) or split is None:
            fix = "name the tables train, validation and test, or name one of them by data.path"
            raise DataError(f"{file}: not the table of a split", fix=fix)
        if split in found:
            fix = "remove one, or name one by data.path"
            raise DataError(f"{file}: a second table of {split}", fix=fix)
        found[split] = file
    if needs_train and "train" not in found:
        raise DataError(f"{root}: no table of train", fix="name the one to train on train.csv")
    return found


def _of_class_folders(
    root: Path,
    encoding: str,
    report: Report,
    known: tuple[str, ...] | None,
    *,
    takes_all: bool,
) -> TextStream:
    found = scan_class_folders(root, _TEXTS, report=report, known=known)

    def texts() -> Iterator[LabelledText]:
        for split, files in found.splits.items():
            for path, label in files:
                if not (takes_all or is_text_file(path)):
                    report(DataError(f"{path}: not a .txt file", fix=_TAKE_ALL))
                    continue
                try:
                    whole = "\n".join(line.text for line in read_lines(path, encoding, report))
                except DataError as error:
                    report(error)
                    continue
                text = LabelledText(whole, found.target.names[label], split, path, 1)
                if is_sound(text, report):
                    yield text

    return TextStream(texts(), found.ignored)


def _of_class_files(
    classes: Iterable[tuple[str, Path]],
    root: Path,
    encoding: str,
    report: Report,
    known: tuple[str, ...] | None,
) -> Iterator[LabelledText]:
    files: dict[str, Path] = {}
    for name, path in classes:
        if files.setdefault(name, path) is not path:
            report(DataError(f"{path}: a second file of class '{name}'", fix="remove one"))
    if known is None and len(files) < 2:
        raise DataError(
            f"{root}: {len(files)} class files; need 2 classes",
            fix="make a folder, or a file CLASS.txt, for each class",
        )
    for name, path in files.items():
        for number, line in read_lines(path, encoding, report):
            text = LabelledText(line, name, "train", path, number)
            if is_sound(text, report):
                yield text


def _with_classes(
    files: Sequence[Path], report: Report, *, takes_all: bool
) -> Iterator[tuple[str, Path]]:
    """Class and path of each: the class is what stands before .txt, or NAME.CLASS of one NAME."""
    bare, is_in_ending = _bare(files), are_class_files(files)
    for path, name in zip(files, bare, strict=True):
        if is_in_ending:
            yield class_names.written(name.suffix[1:]), path
        elif is_text_file(path):
            yield class_names.written(name.stem), path
        elif takes_all:
            yield class_names.written(name.name), path
        else:
            report(DataError(f"{path}: neither a text file nor a table", fix=_TAKE_ALL))


def are_class_files(files: Sequence[Path]) -> bool:
    """True for files that differ in their endings alone, which are the names of classes."""
    bare = _bare(files)
    endings = {path.suffix[1:].lower() for path in bare}
    # TREC.train and TREC.test are no classes.
    are_classes = not any(each in ("", "txt") or split_called(each) for each in endings)
    return are_classes and len({path.stem for path in bare}) == 1 < len(endings)


def _bare(files: Sequence[Path]) -> list[Path]:
    return [path.with_suffix("") if path.suffix.lower() == ".gz" else path for path in files]
