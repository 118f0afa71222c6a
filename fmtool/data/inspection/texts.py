"""Looks at every text of a data set of texts.

The three `read_` functions are the only ones that know how texts lie on the disk.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from fmtool.data.class_folders import scan_class_folders
from fmtool.data.delimited import read_table
from fmtool.data.inspection import columns
from fmtool.data.inspection.findings import Findings, Key, Problems, Sample, evenly, spread
from fmtool.data.labelled_files import one_form
from fmtool.data.problems import Report
from fmtool.data.regular_file import open_regular
from fmtool.data.split_names import SPLITS, split_called
from fmtool.errors import DataError
from fmtool.suggest import did_you_mean

OPTION = "text"
_PREVIEWS = 3
"""Of each class."""


class LabelledText(NamedTuple):
    place: str
    split: str
    class_name: str
    text: str


class _Columns(NamedTuple):
    text: str
    label: str
    split: str | None


def inspect_table(path: Path, problems: Problems) -> Findings:
    """DataError if it is not known which columns are which."""
    is_lines = path.suffix.lower() == ".jsonl"
    beginning = _beginning_of_lines(path) if is_lines else columns.beginning_of(path)
    text = columns.text_column(beginning)
    label = columns.label_column(beginning, beside=text)
    if text is None or label is None or text == label:
        found = ", ".join(beginning.columns) or "none"
        raise DataError(
            f"{path}: no columns of texts and classes, but {found}", fix="call them text and label"
        )
    split = next((name for name in beginning.columns if name.casefold() == "split"), None)
    read = read_lines if is_lines else read_rows
    texts = read(path, _Columns(text, label, split), problems.report)
    keys = {"path": Key(str(path)), "text_column": Key(text), "label_column": Key(label)}
    return _findings(_checked(texts, problems.report), keys)


def inspect_files(root: Path, *, is_folders: bool, problems: Problems) -> Findings:
    read: Callable[[Path, Report], Iterator[LabelledText]]
    read = read_folders if is_folders else read_class_files
    keys = {"path": Key(str(root))}
    return _findings(_checked(read(root, problems.report), problems.report), keys)


def read_rows(path: Path, names: _Columns, report: Report) -> Iterator[LabelledText]:
    """Of a CSV or TSV file."""
    table = read_table(path, delimiter="auto", report=report)
    for row in table.rows:
        cells = dict(zip(table.columns, row.cells, strict=True))
        split = cells[names.split] if names.split else "train"
        yield LabelledText(row.place, split, cells[names.label], cells[names.text])


def read_lines(path: Path, names: _Columns, report: Report) -> Iterator[LabelledText]:
    """Of a file with a JSON object in each line."""
    for place, value in _objects(path, report):
        missing = [name for name in (names.text, names.label) if name not in value]
        if missing:
            report(DataError(f"{place}: no '{missing[0]}'", fix="give each line the same keys"))
        else:
            split = str(value.get(names.split, "train")) if names.split else "train"
            yield LabelledText(place, split, str(value[names.label]), str(value[names.text]))


def read_folders(root: Path, report: Report) -> Iterator[LabelledText]:
    """A folder for each class with a file for each text."""
    found = scan_class_folders(root, report=report)
    for split, files in found.splits.items():
        for file in files:
            for text in _contents(file.path, report):
                yield LabelledText(str(file.path), split, found.class_names[file.label], text)


def read_class_files(root: Path, report: Report) -> Iterator[LabelledText]:
    """A file for each class with a text in each line: `NAME.pos` and `NAME.neg`, or `pos.txt`."""
    files = sorted(path for path in root.iterdir() if path.is_file() and path.name[0] != ".")
    is_ending = len({path.stem for path in files}) == 1
    for path in files:
        name = path.suffix[1:] if is_ending else path.stem
        for content in _contents(path, report):
            for number, line in enumerate(content.splitlines(), 1):
                yield LabelledText(f"{path}:{number}", "train", name, line.strip())


def _checked(texts: Iterator[LabelledText], report: Report) -> Iterator[LabelledText]:
    for each in texts:
        split, name = split_called(each.split.casefold()), one_form(each.class_name)
        if split is None:
            fix = did_you_mean(each.split, SPLITS)
            report(DataError(f"{each.place}: split '{each.split}' is not known", fix=fix))
        elif not name or not name.isprintable():
            what = "is not printable text" if name else "is empty"
            report(DataError(f"{each.place}: the label {what}", fix="give each text its class"))
        elif not each.text.strip():
            report(DataError(f"{each.place}: the text is empty", fix="remove it"))
        else:
            yield each._replace(split=split, class_name=name)


def _findings(texts: Iterator[LabelledText], keys: dict[str, Key]) -> Findings:
    samples: list[Sample] = []
    characters, words = [], []
    by_class: dict[str, list[str]] = {}
    for place, split, name, text in texts:
        samples.append(Sample(place, split, name, hashlib.sha256(text.encode()).digest()))
        characters.append(len(text))
        words.append(len(text.split()))
        by_class.setdefault(name, []).append(text)
    return Findings(
        option=OPTION,
        model="text_cnn",
        keys=keys,
        class_names=sorted(by_class),
        samples=samples,
        statistics={"characters": spread(characters), "words": spread(words)},
        pictures_of=None,
        examples={
            name: [found[place] for place in evenly(len(found), _PREVIEWS)]
            for name, found in sorted(by_class.items())
        },
    )


def _contents(path: Path, report: Report) -> Iterator[str]:
    """The text in `path`, if there is one."""
    try:
        with open_regular(path) as file:
            yield file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{path}: byte 0x{error.object[error.start]:02x} is not UTF-8"
        report(DataError(message, fix="save it as UTF-8"))
    except DataError as problem:
        report(problem)


def _objects(path: Path, report: Report) -> Iterator[tuple[str, dict[str, Any]]]:
    """Place and value of each line that is a JSON object."""
    with open_regular(path) as file:
        for number, line in enumerate(file, 1):
            try:
                value = json.loads(line) if line.strip() else None
            except (ValueError, RecursionError) as error:
                message = f"{path}:{number}: not JSON ({str(error)[:80]})"
                report(DataError(message, fix="write one JSON object in each line"))
                continue
            if isinstance(value, dict):
                yield f"{path}:{number}", value


def _beginning_of_lines(path: Path) -> columns.Beginning:
    names: list[str] = []
    rows: list[list[str]] = []
    for _, value in _objects(path, Problems().report):
        names = names or list(value)
        rows.append([str(value.get(name, "")) for name in names])
        if len(rows) == columns.LOOKED_AT:
            break
    return columns.Beginning(names, rows)
