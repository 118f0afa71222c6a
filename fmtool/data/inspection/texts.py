"""Looks at every text of a data set of texts, which is read as a training reads it."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fmtool.data.inspection import columns
from fmtool.data.inspection.findings import Findings, Key, Problems, Sample, as_row, spread
from fmtool.data.inspection.target_guess import guess_target
from fmtool.data.reading.labelled_text import LabelledText
from fmtool.data.reading.problems import Report
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.target_columns import TargetColumns
from fmtool.data.reading.text_files import begins_with_a_list, open_texts, tables_by_split
from fmtool.data.reading.text_tables import Columns
from fmtool.data.splitting.split_names import SPLITS
from fmtool.data.splitting.text_splits import Said, check_class, trained_target
from fmtool.errors import DataError
from fmtool.targets import Target

_OPTION = "text"
_DEFAULTS = Columns(text="text", label="label", split="split")
"""The columns that a training takes without being told."""


class _Table(NamedTuple):
    """The way to read a table, and the keys that say what its target is."""

    columns: Columns
    style: Style
    keys: dict[str, Key]


def inspect_tables(path: Path, problems: Problems) -> Findings:
    """The findings on a table, or on a folder with one for each split.

    DataError if it is not known which columns are which.
    """
    found, style, of_target = _columns(tables_by_split(path)["train"] if path.is_dir() else path)
    keys = {"path": Key(str(path))}
    if style.has_header is False:
        keys["header"] = Key(False, "the first line is a sample")
    for key in ("text", "label", "split"):
        name = getattr(found, key)
        if name != getattr(_DEFAULTS, key):
            keys[f"{key}_column"] = Key(name)
    texts = open_texts(path, found, style, problems.report).texts
    return _findings(texts, keys | of_target, problems.report, found, has_lines=True)


def inspect_files(root: Path, *, is_folders: bool, problems: Problems) -> Findings:
    """The findings on a folder for each class, or on a file for each class."""
    texts = open_texts(root, _DEFAULTS, Style(), problems.report).texts
    keys = {"path": Key(str(root))}
    return _findings(texts, keys, problems.report, _DEFAULTS, has_lines=not is_folders)


def _columns(table: Path) -> _Table:
    beginning = columns.beginning_of(table)
    text = columns.text_column(beginning)
    label, target, keys = guess_target(beginning, beside=text)
    if label is not None and begins_with_a_list(table, label, beginning.style):
        target, keys = TargetColumns("labels"), {}
    if text is None or (label is None and not target.names) or text == label:
        found = ", ".join(beginning.columns) or "none"
        raise DataError(
            f"{table}: no columns of texts and classes, but {found}", fix="call them text and label"
        )
    named = (name for name in beginning.columns if name.casefold() == "split")
    split = next(named, _DEFAULTS.split)
    return _Table(Columns(text, label or _DEFAULTS.label, split, target), beginning.style, keys)


def _findings(
    texts: Iterable[LabelledText],
    keys: dict[str, Key],
    report: Report,
    read: Columns,
    *,
    has_lines: bool,
) -> Findings:
    """`has_lines`: a file holds several texts, which their lines tell apart."""
    found = sorted(texts, key=lambda text: SPLITS.index(text.split))
    target = _target(found, keys["path"].value, report, read)
    kept = list(_of_classes(found, target, report))
    rows = target.encoded([text.label for text in kept]).tolist()
    samples = [
        Sample(
            f"{text.path}:{text.line}" if has_lines else str(text.path),
            text.split,
            as_row(row),
            hashlib.sha256(text.text.encode()).digest(),
        )
        for text, row in zip(kept, rows, strict=True)
    ]
    return Findings(
        option=_OPTION,
        model="text_cnn",
        keys=keys,
        target=target,
        samples=samples,
        statistics={
            "characters": spread([len(text.text) for text in kept]),
            "words": spread([len(text.text.split()) for text in kept]),
        },
        text_of=lambda place: kept[place].text,
    )


def _target(found: list[LabelledText], origin: str, report: Report, read: Columns) -> Target:
    trained = [text for text in found if text.split == "train"]
    label = read.label or _DEFAULTS.label or ""
    try:
        return trained_target(trained, origin, Said(read.target, label))
    except DataError as problem:
        report(problem)
        return read.target.target([text.label for text in trained], label)


def _of_classes(
    found: Iterable[LabelledText], target: Target, report: Report
) -> Iterator[LabelledText]:
    for text in found:
        try:
            check_class(text, target)
        except DataError as problem:
            report(problem)
        else:
            yield text
