"""Looks at every text of a data set of texts, which is read as a training reads it."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from fmtool.data.inspection import columns
from fmtool.data.inspection.asked import Asked
from fmtool.data.inspection.findings import Findings, Key, Problems, Sample, as_row, spread
from fmtool.data.inspection.number_guess import facts_of, guess_numbers
from fmtool.data.inspection.target_guess import guess_target
from fmtool.data.reading.labelled_text import LabelledText
from fmtool.data.reading.problems import Report
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.target_columns import TargetColumns
from fmtool.data.reading.text_files import (
    are_class_files,
    begins_with_a_list,
    is_text_file,
    open_texts,
    tables_by_split,
)
from fmtool.data.reading.text_tables import Columns, has_json_lines
from fmtool.data.splitting.split_names import SPLITS
from fmtool.data.splitting.text_splits import Said, check_class, trained_target
from fmtool.errors import DataError
from fmtool.targets import Target

_OPTION = "text"
_DEFAULTS = Columns(text="text", label="label", split="split")
"""The columns that a training takes without being told."""


def inspect_tables(path: Path, asked: Asked, problems: Problems) -> Findings:
    """The findings on a table, or on a folder with one for each split.

    DataError if it is not known which columns are which.
    """
    one = tables_by_split(path)["train"] if path.is_dir() else path
    keys = {"path": Key(str(path)), **_keys_of(one, asked)}
    cfg, keys = asked.settled(_OPTION, keys)
    target = cfg.columns_of_target(has_lists=begins_with_a_list(path, cfg.label_column, cfg.style))
    read = Columns(cfg.text_column, cfg.label_column, cfg.split_column, target)
    texts = open_texts(path, read, cfg.style, problems.report).texts
    return _findings(texts, keys, problems.report, read, has_lines=True)


def inspect_folders(root: Path, asked: Asked, problems: Problems) -> Findings:
    """The findings on a folder for each class."""
    return _of_files(root, asked, problems, has_lines=False)


def inspect_files(root: Path, asked: Asked, problems: Problems) -> Findings:
    """The findings on a file for each class."""
    return _of_files(root, asked, problems, has_lines=True)


def _of_files(root: Path, asked: Asked, problems: Problems, *, has_lines: bool) -> Findings:
    keys = {"path": Key(str(root))}
    if not _has_text_files(root):
        keys["files"] = Key("all", "none of them ends in .txt")
    cfg, keys = asked.settled(_OPTION, keys)
    takes_all = cfg.files == "all"
    texts = open_texts(root, _DEFAULTS, cfg.style, problems.report, takes_all=takes_all).texts
    return _findings(texts, keys, problems.report, _DEFAULTS, has_lines=has_lines)


def _has_text_files(root: Path) -> bool:
    """True where files of classes say by their endings that they are texts, or what class."""
    files = [path for path in root.iterdir() if path.is_file()]
    if are_class_files(files):
        return True
    return any(is_text_file(path) for path in root.rglob("*") if path.is_file())


def _keys_of(table: Path, asked: Asked) -> dict[str, Key]:
    """The keys by which a training finds texts and target."""
    style = asked.style
    if has_json_lines(table):
        _require_texts(table, style)
    loose = "quotes" not in asked.words and columns.has_loose_quotes(table, style)
    if loose:
        style = style._replace(has_quotes=False)
    beginning = columns.beginning_of(table, style)
    text = asked.words.get("text_column") or columns.text_column(beginning)
    guessed = guess_target(beginning, beside=text, named=asked.words.get("label_column"))
    label, target, of_target = guessed
    if label is not None and begins_with_a_list(table, label, beginning.style):
        target, of_target = TargetColumns("labels"), {}
    if text is None or (label is None and not target.names) or text == label:
        found = ", ".join(beginning.columns) or "none"
        raise DataError(
            f"{table}: no columns of texts and classes, but {found}", fix="call them text and label"
        )
    keys = {}
    if beginning.style.has_header is False:
        keys["header"] = Key(False, "the first line is a sample")
    if loose:
        keys["quotes"] = Key(False, "a quote is a character like any other")
    named = (name for name in beginning.columns if name.casefold() == "split")
    split = next(named, _DEFAULTS.split)
    for key, name in (("text", text), ("label", label), ("split", split)):
        if name is not None and name != getattr(_DEFAULTS, key):
            keys[f"{key}_column"] = Key(name)
    return keys | of_target


def _require_texts(table: Path, style: Style) -> None:
    """DataError for JSON objects of numbers, which no reader takes."""
    beginning = columns.beginning_of(table, style)
    if guess_numbers(facts_of(beginning.columns, beginning.rows)) is not None:
        raise DataError(f"{table}: objects of numbers, not of texts", fix="save them as .csv")


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
        models=("text_cnn",),
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
