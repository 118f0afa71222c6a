"""Runs as CSV for spreadsheets, in which no cell can be taken for a formula."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from fmtool.notices import encodable, printable
from fmtool.runs.compare import Comparison
from fmtool.runs.records import RunRecord
from fmtool.runs.tables import show_value

_FORMULA_STARTS = ("=", "+", "-", "@")


def runs_csv(records: Sequence[RunRecord]) -> str:
    """One line per run, with a column for every metric that any of them has."""
    metrics = list(dict.fromkeys(name for record in records for name in record.metrics))
    columns = ["id", "status", "model", "data", "name", "tags", "monitor", "best", "seconds"]
    header = [*columns, "started", "sweep", "study", *(f"test_{name}" for name in metrics)]
    rows = []
    for record in records:
        row = {**record.to_json(), "tags": " ".join(record.tags)}
        row |= {f"test_{name}": record.metrics.get(name) for name in metrics}
        rows.append([row[column] for column in header])
    return _document([header, *rows])


def comparison_csv(comparison: Comparison) -> str:
    """One column per run; the first column says whether a row is a setting or a score."""
    header = ["kind", "key", *comparison.runs]
    sections = (("config", comparison.config), ("score", comparison.scores))
    rows = [
        [kind, key, *(row.get(run) for run in comparison.runs)]
        for kind, section in sections
        for key, row in section.items()
    ]
    return _document([header, *rows])


def _document(rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([[cell(value, is_shown=True) for value in row] for row in rows])
    return text.getvalue()


def cell(value: Any, *, is_shown: bool = False) -> Any:
    """`value` as the csv module may write it: data as they are, which no program runs.

    Args:
        is_shown: on stdout, where a person may look at it.
    """
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    text = (printable if is_shown else encodable)(show_value(value))
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
