"""Runs as tables."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fmtool.runs.compare import Comparison
from fmtool.runs.records import RunRecord

if TYPE_CHECKING:
    from fmtool.terminal import Table

_ABSENT = "-"
_LABELS = {"absent_classes": "classes without test samples"}


def runs_table(records: Sequence[RunRecord]) -> "Table":
    """One line per run."""
    table = _table("run", "status", "model", "data", "name", "tags", "best", "test", "time")
    for record in records:
        cells = (
            record.id,
            record.status,
            record.model,
            record.data,
            record.name,
            ", ".join(record.tags),
            _score(record.monitor, record.best),
            _headline(record),
            _duration(record.seconds),
        )
        table.add_row(*map(show_value, cells))
    return table


def run_table(record: RunRecord) -> "Table":
    """Everything about one run that fits on a screen."""
    table = _table("run", record.id)
    for name, value in _facts(record):
        if value not in ("", None):
            table.add_row(show_value(name), show_value(value))
    if record.result:
        table.add_section()
        for name, score in record.result.metrics.items():
            why = record.result.undefined.get(name)
            absent = _ABSENT if why is None else f"{_ABSENT} ({why})"
            table.add_row(show_value(name), show_value(absent if score is None else score))
        for name, value in record.result.brief.items():
            if isinstance(value, list) and value:
                table.add_row(
                    show_value(_LABELS.get(name, name.replace("_", " "))),
                    show_value(", ".join(map(str, value))),
                )
        for gate in record.result.gates:
            got = gate.why if gate.got is None and gate.why else f"with {show_value(gate.got)}"
            verdict = "met" if gate.met else f"missed {got}"
            table.add_row(f"gate {gate.metric}", f"{gate.wanted}: {verdict}")
    return table


def comparison_table(comparison: Comparison) -> "Table":
    """One column per run: the settings that differ, then the scores."""
    table = _table("", *comparison.runs)
    for rows in (comparison.config, comparison.scores):
        for key, row in rows.items():
            values = [show_value(row[run]) if run in row else _ABSENT for run in comparison.runs]
            table.add_row(*map(show_value, (key, *values)))
        table.add_section()
    return table


def show_value(value: Any) -> str:
    """`value` as the YAML of a config would spell it, numbers shortened."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:.6g}"
    return json.dumps(value, default=str)


def _facts(record: RunRecord) -> list[tuple[str, Any]]:
    manifest, result = record.manifest, record.result
    error = result.error if result else None
    git = manifest.get("git") or {}
    return [
        ("directory", str(record.paths.root)),
        ("status", record.status),
        ("damage", record.damage),
        ("error", error and f"{error.type}: {error.message}"),
        ("hint", error and error.hint),
        ("exit code", result and str(result.exit_code)),
        ("started", record.started),
        ("time", _duration(record.seconds)),
        ("name", record.name),
        ("tags", ", ".join(record.tags)),
        ("sweep", record.sweep),
        ("study", record.study),
        ("model", record.model),
        ("data", record.data),
        ("epochs", result and str(result.epochs)),
        ("steps", result and str(result.steps)),
        ("best", _score(record.monitor, record.best)),
        ("best epoch", result and result.best and str(result.best.epoch)),
        *((key, manifest.get(key)) for key in ("backend", "device", "precision", "threads")),
        ("git", f"{git.get('commit')}{' (dirty)' if git.get('dirty') else ''}" if git else ""),
    ]


def _headline(record: RunRecord) -> str:
    """The one test metric there is room for."""
    metrics = record.metrics
    first = record.result.headline[:1] if record.result else ()
    name = next((name for name in (*first, *metrics) if name in metrics), "")
    return _score(name, metrics.get(name))


def _score(name: str, value: float | None) -> str:
    return f"{name} {show_value(value)}" if name else ""


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else str(timedelta(seconds=round(seconds)))


def _table(*columns: str) -> "Table":
    from fmtool.terminal import Column, table

    # Folded, because half an id or half a number is worth nothing.
    return table(*(Column(each, is_folded=True) for each in columns), has_edge=False)
