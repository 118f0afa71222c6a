"""Runs as tables."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fmtool.metric import show
from fmtool.runs.compare import Comparison
from fmtool.runs.records import RunRecord

if TYPE_CHECKING:
    from fmtool.terminal import Column, RenderableType, Table

_ABSENT = "-"
_LABELS = {"absent_classes": "classes without test samples"}


def runs_table(records: Sequence[RunRecord]) -> "Table":
    """One line per run.

    What all have in common, such as the monitor, stands in the heading.
    """
    from fmtool.terminal import Column

    best = {record.monitor for record in records} - {""}
    test = {name for record in records if (name := _headline(record))}
    table = _table(
        "run",
        "status",
        Column("model", leave_out=6),
        Column("data", leave_out=5),
        Column("name", leave_out=3),
        Column("tags", leave_out=7),
        Column(" ".join(["best", *(best if len(best) == 1 else ())]), leave_out=2, is_whole=True),
        Column(" ".join(["test", *(test if len(test) == 1 else ())]), leave_out=1, is_whole=True),
        Column("time", leave_out=4),
    )
    for record in records:
        metric = _headline(record)
        table.add_row(
            record.id,
            record.status,
            record.model,
            record.data_label,
            record.name,
            ", ".join(record.tags),
            _score(record.monitor, record.best, is_named=len(best) > 1),
            _score(metric, record.metrics.get(metric), is_named=len(test) > 1),
            _duration(record.seconds),
        )
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


def comparison_table(comparison: Comparison) -> "RenderableType":
    """One column per run: the settings that differ, then the scores.

    Where the ids of the runs leave no room for that, they are numbered.
    """
    from fmtool.terminal import Column, Either, Group, lines

    wide = _table("", *comparison.runs)
    numbers = [str(place) for place, _ in enumerate(comparison.runs, start=1)]
    # Two are what a comparison needs.
    others = (Column(number, leave_out=int(number)) for number in numbers[2:])
    narrow = _table("", *numbers[:2], *others)
    for rows in (comparison.config, comparison.scores):
        for key, row in rows.items():
            values = [show_value(row[run]) if run in row else _ABSENT for run in comparison.runs]
            for table in (wide, narrow):
                table.add_row(key, *values)
        for table in (wide, narrow):
            table.add_section()
    legend = zip(numbers, comparison.runs, strict=True)
    return Either(wide, Group(lines(f"{number}  {run}" for number, run in legend), "", narrow))


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
        ("note", record.note),
        ("pruned", record.pruned),
        ("experiment", record.experiment),
        ("sweep", record.sweep),
        ("study", record.study),
        ("model", record.model),
        ("data", record.data_label),
        ("epochs", result and str(result.epochs)),
        ("steps", result and str(result.steps)),
        ("best", _score(record.monitor, record.best, is_named=True)),
        ("best epoch", result and result.best and str(result.best.epoch)),
        *((key, manifest.get(key)) for key in ("backend", "device", "precision", "threads")),
        ("git", f"{git.get('commit')}{' (dirty)' if git.get('dirty') else ''}" if git else ""),
    ]


def _headline(record: RunRecord) -> str:
    """The name of the one test metric there is room for; empty where there is none."""
    metrics = record.metrics
    first = record.result.headline[:1] if record.result else ()
    return next((name for name in (*first, *metrics) if name in metrics), "")


def _score(name: str, value: float | None, *, is_named: bool) -> str:
    if not name:
        return ""
    return f"{name} {show(value)}" if is_named else show(value)


def _duration(seconds: float | None) -> str:
    return "" if seconds is None else str(timedelta(seconds=round(seconds)))


def _table(*columns: "str | Column") -> "Table":
    from fmtool.terminal import table

    return table(*columns, has_edge=False)
