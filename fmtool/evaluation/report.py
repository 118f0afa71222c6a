"""Tables for stdout: an evaluation, a gate, the end of a training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool import terminal
from fmtool.elements import UNITS, Kind
from fmtool.evaluation.metrics import MACRO_ALL
from fmtool.metric import show
from fmtool.runs.result import Gate
from fmtool.tasks.classification import REPORT_METRICS
from fmtool.terminal import Column, Group, RenderableType, Table, Text

_MOST_CLASSES = 20
MAX_ABSENT_NAMED = 10
"""Classes without samples that a line names."""


@dataclass(frozen=True)
class TrainingSummary:
    """What a training came to."""

    model_name: str
    data_name: str
    run_directory: Path
    epochs: int
    """Epochs that were run."""
    best_epoch: int
    monitor: str
    best: float | None
    """Value of `monitor` in the best epoch; None where there is no validation."""
    test: Mapping[str, Any]
    """A classification report; empty when the test split was not evaluated."""
    tta: str
    """The test-time augmentation of `test`."""
    expectation: str | None
    """What the recipe was to reach and what it did, in one line; None where nothing is known."""
    seconds: float
    images_per_second: float
    """Whatever the samples are, which `kind` says."""
    kind: Kind


def evaluation_table(report: Mapping[str, Any], title: str) -> RenderableType:
    """The figures of a classification report, then its classes (the worst ones of many)."""
    figures = _pairs()
    figures.add_row("samples", str(report["samples"]))
    absent = report["absent_classes"]
    for name in REPORT_METRICS:
        # Without absent classes both averages are one.
        if name in report and (absent or not name.endswith(f"_{MACRO_ALL}")):
            figures.add_row(name, show(report[name]))
    notes = [terminal.line(absent_line(absent))] if absent else []
    return Group(_heading(title), figures, _class_table(report["per_class"]), *notes)


def absent_line(names: Sequence[str]) -> str:
    """The line below a report that names classes without samples and the rule of the averages."""
    shown = ", ".join(names[:MAX_ABSENT_NAMED])
    more = f" and {len(names) - MAX_ABSENT_NAMED} more" if len(names) > MAX_ABSENT_NAMED else ""
    return (
        f"no samples of {shown}{more} in this split: averages _macro are over the classes that "
        "have samples, _macro_all over all classes, absent ones as 0"
    )


def gate_table(rows: Sequence[Gate]) -> Table:
    table = _table("quality gate", "metric", "wanted", "got", "met")
    for row in rows:
        met = terminal.line("yes", "green") if row.met else terminal.line("no", "bold red")
        got = f"{show(row.got)} ({row.why})" if row.why else show(row.got)
        table.add_row(row.metric, row.wanted, got, met)
    return table


def training_summary(summary: TrainingSummary) -> RenderableType:
    table = _pairs()
    table.add_row("epochs", f"{summary.epochs}, best {summary.best_epoch}")
    if summary.best is not None:
        table.add_row(f"best {summary.monitor}", show(summary.best))
    for name in ("loss", "accuracy", "top_5_accuracy"):
        if summary.test.get(name) is not None:
            table.add_row(f"test {name}", show(summary.test[name]))
    if summary.tta != "none":
        table.add_row("test-time augmentation", summary.tta)
    speed = f"{summary.seconds:.1f} s, {summary.images_per_second:.0f} {UNITS[summary.kind]}/s"
    table.add_row("time", speed)
    table.add_row("run", str(summary.run_directory))
    runs_directory = summary.run_directory.parent
    commands = ("fmtool evaluate run=last", f"tensorboard --logdir {runs_directory}")
    title = _heading(f"{summary.model_name} on {summary.data_name}")
    expectation = [] if summary.expectation is None else [terminal.line(summary.expectation)]
    return Group(
        title,
        table,
        *expectation,
        terminal.line("next:", "dim"),
        *(terminal.line(f"  {line}") for line in commands),
    )


def facts_table(title: str, facts: Mapping[str, Any]) -> RenderableType:
    """Names and values; bytes as MB."""
    table = _pairs()
    for name, value in facts.items():
        label, text = name.replace("_", " "), str(value)
        if name.endswith("_bytes"):
            label, text = label.removesuffix(" bytes"), f"{value / 1e6:.1f} MB"
        elif isinstance(value, int):
            text = f"{value:,}"
        elif isinstance(value, float):
            text = show(value)
        table.add_row(label, text)
    return Group(_heading(title), table)


def _class_table(per_class: Sequence[Mapping[str, Any]]) -> Table:
    shown = list(per_class)
    title = "classes"
    if len(shown) > _MOST_CLASSES:
        known = [entry for entry in shown if entry["f1"] is not None]
        shown = sorted(known, key=lambda entry: entry["f1"])[:_MOST_CLASSES]
        title = f"the {_MOST_CLASSES} of {len(per_class)} classes with the lowest f1"
    table = _table(title, "class", "precision", "recall", "f1", "support")
    for entry in shown:
        scores = (show(entry[name]) for name in ("precision", "recall", "f1"))
        table.add_row(entry["name"], *scores, str(entry["support"]))
    return table


def _heading(title: str) -> Text:
    """Not the table's own title, which would be wrapped to the table's width."""
    return terminal.line(title, "bold")


def _pairs() -> Table:
    return terminal.table(Column("", style="bold"), "", has_header=False)


def _table(title: str, first: str, *others: str) -> Table:
    numbers = (Column(name, is_number=True) for name in others)
    return terminal.table(first, *numbers, title=title)
