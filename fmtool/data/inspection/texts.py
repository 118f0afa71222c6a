"""Looks at every text of a data set of texts, which is read as a training reads it."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from fmtool import class_names
from fmtool.data.inspection import columns
from fmtool.data.inspection.findings import Findings, Key, Problems, Sample, evenly, spread
from fmtool.data.reading.problems import Report
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.text_files import LabelledText, open_texts, tables_by_split
from fmtool.data.reading.text_tables import Columns
from fmtool.data.splitting.split_names import SPLITS
from fmtool.data.splitting.text_splits import check_class, trained_target
from fmtool.errors import DataError
from fmtool.targets import Label

_OPTION = "text"
_DEFAULTS = Columns(text="text", label="label", split="split")
"""What a training takes the columns for without being told."""
_PREVIEWS = 3
"""Of each class."""


def inspect_tables(path: Path, problems: Problems) -> Findings:
    """Of a table, or of a folder with one for each split.

    DataError if it is not known which columns are which.
    """
    found, style = _columns(tables_by_split(path)["train"] if path.is_dir() else path)
    keys = {"path": Key(str(path))}
    if style.has_header is False:
        keys["header"] = Key(False, "the first line is a sample")
    for key, name, default in zip(Columns._fields[:3], found[:3], _DEFAULTS[:3], strict=True):
        if name != default:
            keys[f"{key}_column"] = Key(name)
    texts = open_texts(path, found, style, problems.report).texts
    return _findings(texts, keys, problems.report, has_lines=True)


def inspect_files(root: Path, *, is_folders: bool, problems: Problems) -> Findings:
    """Of a folder for each class, or of a file for each class."""
    texts = open_texts(root, _DEFAULTS, Style(), problems.report).texts
    keys = {"path": Key(str(root))}
    return _findings(texts, keys, problems.report, has_lines=not is_folders)


def _columns(table: Path) -> tuple[Columns, Style]:
    """And how the table has to be read."""
    beginning = columns.beginning_of(table)
    text = columns.text_column(beginning)
    label = columns.label_column(beginning, beside=text)
    if text is None or label is None or text == label:
        found = ", ".join(beginning.columns) or "none"
        raise DataError(
            f"{table}: no columns of texts and classes, but {found}", fix="call them text and label"
        )
    named = (name for name in beginning.columns if name.casefold() == "split")
    return Columns(text, label, next(named, _DEFAULTS.split)), beginning.style


def _findings(
    texts: Iterable[LabelledText], keys: dict[str, Key], report: Report, *, has_lines: bool
) -> Findings:
    """`has_lines`: a file holds several texts, which their lines tell apart."""
    found = sorted(texts, key=lambda text: SPLITS.index(text.split))
    names = _names(found, keys["path"].value, report)
    samples: list[Sample] = []
    by_class: dict[str, list[str]] = {name: [] for name in names}
    for text in _of_classes(found, names, report):
        place = f"{text.path}:{text.line}" if has_lines else str(text.path)
        digest = hashlib.sha256(text.text.encode()).digest()
        samples.append(Sample(place, text.split, str(text.label), digest))
        by_class[str(text.label)].append(text.text)
    kept = [text for texts in by_class.values() for text in texts]
    return Findings(
        option=_OPTION,
        model="text_cnn",
        keys=keys,
        class_names=names,
        samples=samples,
        statistics={
            "characters": spread([len(text) for text in kept]),
            "words": spread([len(text.split()) for text in kept]),
        },
        pictures_of=None,
        examples={
            name: [of_class[place] for place in evenly(len(of_class), _PREVIEWS)]
            for name, of_class in by_class.items()
        },
    )


def _names(found: list[LabelledText], origin: str, report: Report) -> tuple[str, ...]:
    trained = [text for text in found if text.split == "train"]
    try:
        return trained_target(trained, origin).names
    except DataError as problem:
        report(problem)
        return class_names.ordered(str(text.label) for text in trained)


def _of_classes(
    found: Iterable[LabelledText], names: tuple[str, ...], report: Report
) -> Iterator[LabelledText]:
    known = Label(names)
    for text in found:
        try:
            check_class(text, known)
        except DataError as problem:
            report(problem)
        else:
            yield text
