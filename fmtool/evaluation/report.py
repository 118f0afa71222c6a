"""Tables for stdout: an evaluation, a gate, the end of a training."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool import terminal
from fmtool.elements import UNITS, SampleKind
from fmtool.metric import show
from fmtool.notices import counted
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
    answers: Mapping[str, tuple[str, float]]
    """By metric of `test`, the best that one answer for all samples reaches."""
    tta: str
    """The test-time augmentation of `test`."""
    expectation: str | None
    """The figure of the recipe and that of the run, in one line; None where nothing is known."""
    seconds: float
    samples_per_second: float
    """Whatever the samples are, which `kind` says."""
    kind: SampleKind
    model: Mapping[str, float | None]
    """Facts of the trained model: `parameters`, `bytes`, and `latency_ms` if it was asked for."""
    remarks: Sequence[str] = ()
    """Lines on what deserves a word."""
    more_epochs: int | None = None
    """Epochs that may gain something, those that were run among them."""
    plugins: Sequence[str] = ()
    """Those that the training was given."""


def evaluation_table(report: Report, reporting: Reporting[Any], title: str) -> RenderableType:
    """The metrics of a report, then the tables and lines of its task."""
    figures = _pairs()
    figures.add_row("samples", str(report.samples))
    answers = reporting.constant_answers(report)
    for name in reporting.listed(report):
        figures.add_row(name, _beside(report.metrics[name], answers.get(name)))
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
    """The same rows and labels for every training; without a test split those of it are not there.

    Below them the remarks, each a line, and what to type next.
    """
    table = _pairs()
    table.add_row("epochs", f"{summary.epochs}, best {summary.best_epoch}")
    if summary.best is not None:
        table.add_row(f"best {summary.monitor}", show(summary.best))
    for name, value in summary.test.items():
        table.add_row(f"test {name}", _beside(value, summary.answers.get(name)))
    if summary.tta != "none" and summary.test:
        table.add_row("test-time augmentation", summary.tta)
    table.add_row("model", _size(summary.model))
    if summary.model.get("latency_ms") is not None:
        table.add_row("latency", f"{summary.model['latency_ms']:.4g} ms a sample")
    speed = f"{summary.seconds:.1f} s, {summary.samples_per_second:.0f} {UNITS[summary.kind]}/s"
    table.add_row("time", speed)
    table.add_row("run", str(summary.run_directory))
    title = _heading(f"{summary.model_name} on {summary.data_name}")
    expectation = [] if summary.expectation is None else [summary.expectation]
    return Group(
        title,
        table,
        *(terminal.line(each) for each in (*expectation, *summary.remarks)),
        terminal.line("next:", "dim"),
        *(terminal.command(f"  {shlex.join(each)}") for each in _next_commands(summary)),
    )


def _next_commands(summary: TrainingSummary) -> Iterator[list[str]]:
    runs_dir = summary.run_directory.parent
    common = [] if runs_dir == Path("runs") else [f"runs_dir={runs_dir}"]
    common += [word for each in summary.plugins for word in ("--plugin", each)]
    if summary.more_epochs is not None:
        yield ["fmtool", "train", "resume=last", f"epochs={summary.more_epochs}", *common]
    yield ["fmtool", "evaluate", "run=last", *common]
    yield ["tensorboard", "--logdir", str(runs_dir)]


def _beside(value: float | None, answer: tuple[str, float] | None) -> str:
    """A figure, and what one answer for all samples would reach."""
    if answer is None:
        return show(value)
    return f"{show(value)} (always '{answer[0]}': {show(answer[1])})"


def _size(model: Mapping[str, float | None]) -> str:
    parameters = counted(int(model.get("parameters") or 0), "parameter")
    return f"{parameters}, {(model.get('bytes') or 0) / 1e6:.2f} MB"


def facts_table(title: str, facts: Mapping[str, Any]) -> RenderableType:
    """Names and values; bytes as MB, and called a size so that no two rows have one name."""
    table = _pairs()
    for name, value in facts.items():
        label, text = name.replace("_", " "), str(value)
        if name.endswith("_bytes"):
            label = label.removesuffix(" bytes")
            label, text = label if "memory" in label else f"{label} size", f"{value / 1e6:.1f} MB"
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
