"""The trials of a study as rows: for a spreadsheet, and for people."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from fmtool.runs.csv_text import cell
from fmtool.tuning import attempts
from fmtool.tuning.store import Store
from fmtool.tuning.summary import trial_document


def documents(store: Store) -> list[dict[str, Any]]:
    """Every trial, by number."""
    found = attempts.by_trial(store.trials())
    return [trial_document(store.definition, chain) for chain in found]


def as_csv(store: Store) -> str:
    """A line for each trial, with a column for every parameter and every metric."""
    rows = documents(store)
    params = _names(rows, "params")
    metrics = _names(rows, "metrics")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    plain = ["trial", "status", "epochs", "seconds", "run"]
    writer.writerow([*plain, *params, *metrics])
    for row in rows:
        values = [row[name] for name in plain]
        values += [row["params"].get(name) for name in params]
        values += [row["metrics"].get(name) for name in metrics]
        writer.writerow([cell(value) for value in values])
    return text.getvalue()


def _names(rows: Sequence[dict[str, Any]], kind: str) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row[kind]))
