"""Looks at every row of a table of numbers, which is read as a training reads it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fmtool.data import table
from fmtool.data.inspection import columns
from fmtool.data.inspection.asked import Asked
from fmtool.data.inspection.findings import NOTHING_TO_DO, Findings, Key, Problems, Sample, as_row
from fmtool.data.inspection.number_guess import ColumnFacts, NumberGuess, facts_of, guess_numbers
from fmtool.data.reading.delimited import read_table
from fmtool.data.reading.number_columns import USUAL_LABELS
from fmtool.data.reading.number_rows import NumberTable, read_number_table
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.text_files import tables_by_split
from fmtool.data.splitting.check import fingerprints
from fmtool.data.splitting.split_names import SPLITS
from fmtool.elements import Features
from fmtool.errors import DataError

_OPTION = "table"
_SHOWN = 8
"""Names in a line."""


def inspect_numbers(path: Path, asked: Asked, problems: Problems) -> Findings:
    """The findings on a table of numbers, or on a folder with one for each split.

    DataError if it is not known which columns are which.
    """
    one = tables_by_split(path)["train"] if path.is_dir() else path
    style = columns.beginning_of(one, asked.style).style
    facts = _facts(one, style)
    ignored = asked.words.get("ignore_columns", "").strip("[]").split(",")
    guessed = guess_numbers(
        facts,
        has_header=style.has_header is not False,
        label=asked.words.get("label_column"),
        ignored=[name.strip(" \"'") for name in ignored] if ignored != [""] else [],
    )
    keys = {"path": Key(str(path))}
    if style.has_header is False:
        keys["header"] = Key(False, "the first line is a row")
    if any(each.has_commas for each in facts):
        keys["decimal"] = Key("comma")
    if guessed is not None:
        keys |= _keys(guessed)
    if "columns" in asked.words:
        keys.pop("ignore_columns", None)
    settled = asked.settled(_OPTION, keys)
    if guessed is not None:
        _warn(guessed, facts, problems, asked)
    cfg = settled.cfg
    found = read_number_table(path, table.columns_of(cfg), cfg.style, problems.report)
    return _findings(path, found, settled.keys)


def _facts(path: Path, style: Style) -> list[ColumnFacts]:
    rows = read_table(path, style, lambda _: None)
    return facts_of(rows.columns, (row.cells for row in rows.rows))


def _keys(guessed: NumberGuess) -> dict[str, Key]:
    keys = {}
    if guessed.label.casefold() not in USUAL_LABELS:
        keys["label_column"] = Key(guessed.label, guessed.reason or "")
    if guessed.kind == "numbers":
        keys["target"] = Key("numbers", "a number is learnt, not a class")
    if guessed.ignored:
        keys["ignore_columns"] = Key(guessed.ignored)
    return keys


def _warn(
    guessed: NumberGuess, facts: Sequence[ColumnFacts], problems: Problems, asked: Asked
) -> None:
    """Lines on what was guessed, and on what is not read."""
    if guessed.reason is not None and "label_column" not in asked.words:
        problems.warn(
            f"column '{guessed.label}' is taken for what is learnt: it is {guessed.reason}",
            "label_column=NAME says another",
        )
    if "columns" in asked.words:
        return
    if guessed.of_rows:
        problems.warn(
            f"left out, since they only number the rows: {_listed(guessed.of_rows)}",
            NOTHING_TO_DO,
        )
    if guessed.of_words:
        problems.warn(
            f"left out, since they hold no numbers: {_listed(guessed.of_words)}",
            "write a column of 0 and 1 for each value to learn from them",
        )
    if guessed.with_gaps:
        shown = _listed([f"{each.name} ({each.gaps:,})" for each in guessed.with_gaps])
        problems.warn(f"left out, since they have empty cells: {shown}", "fill them in")
    for each in facts:
        if each.name in guessed.numbers and len(each.counts) == 1 < each.cells:
            problems.warn(
                f"column '{each.name}' is the same in all rows", "nothing is learnt from it"
            )


def _findings(path: Path, found: NumberTable, keys: dict[str, Key]) -> Findings:
    samples = []
    for split in (name for name in SPLITS if name in found.parts):
        part = found.parts[split]
        rows = zip(part.sample_names, part.y.tolist(), fingerprints(part.array), strict=True)
        for place, y, digest in rows:
            shown = f"{path}:{place}" if isinstance(place, int) else str(path / place)
            samples.append(Sample(shown, split, as_row(y), digest))
    if not samples:
        raise DataError(f"{path}: no row that can be used", fix="correct the rows")
    values = np.concatenate([part.array for part in found.parts.values()])
    return Findings(
        option=_OPTION,
        models=("mlp",),
        keys=keys,
        target=found.target,
        samples=samples,
        element=Features((len(found.columns),)),
        statistics={
            "columns": f"{len(found.columns)}: {_listed(found.columns)}",
            "value_min": float(values.min()),
            "value_max": float(values.max()),
        },
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(name or '(no name)' for name in names[:_SHOWN])}{more}"
