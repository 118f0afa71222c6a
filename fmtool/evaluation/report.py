"""Tables for stdout: an evaluation, a gate, the end of a training."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool import terminal
from fmtool.elements import UNITS, Kind
from fmtool.metric import show
from fmtool.runs.result import Gate
from fmtool.tasks.shared.reporting import Report, Reporting
from fmtool.terminal import Column, Group, RenderableType, Table, Text


@dataclass(frozen=True)
class TrainingSummary:
    """The outcome of a training, for people."""

    model_name: str
    data_name: str
    run_directory: Path
    epochs: int
    """Epochs that were run."""
    best_epoch: int
    monitor: str
    best: float | None
    """Value of `monitor` in the best epoch; None where there is no validation."""
    test: Mapping[str, float | None]
    """Metrics of the test split that the task sums a report up by."""
    tta: str
    """The test-time augmentation of `test`."""
    expectation: str | None
    """The figure of the recipe and that of the run, in one line; None where nothing is known."""
    seconds: float
    samples_per_second: float
    """Whatever the samples are, which `kind` says."""
    kind: Kind


def evaluation_table(report: Report, reporting: Reporting[Any], title: str) -> RenderableType:
    """The metrics of a report, then the tables and lines of its task."""
    figures = _pairs()
    figures.add_row("samples", str(report.samples))
    for name in reporting.listed(report):
        figures.add_row(name, show(report.metrics[name]))
    notes = [terminal.line(note) for note in reporting.notes(report)]
    return Group(_heading(title), figures, *reporting.tables(report), *notes)


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
    for name, value in summary.test.items():
        table.add_row(f"test {name}", show(value))
    if summary.tta != "none":
        table.add_row("test-time augmentation", summary.tta)
    speed = f"{summary.seconds:.1f} s, {summary.samples_per_second:.0f} {UNITS[summary.kind]}/s"
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


def _heading(title: str) -> Text:
    """Not the table's own title, which would be wrapped to the table's width."""
    return terminal.line(title, "bold")


def _pairs() -> Table:
    return terminal.table(Column("", style="bold"), "", has_header=False)


def _table(title: str, first: str, *others: str) -> Table:
    numbers = (Column(name, is_number=True) for name in others)
    return terminal.table(first, *numbers, title=title)
