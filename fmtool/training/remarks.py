"""Remarks at the end of a training: each a line, made only where it holds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fmtool import options
from fmtool.logging.sink import Row
from fmtool.metric import Metric, by_name, show
from fmtool.tasks.shared.reporting import Report, Reporting
from fmtool.training.final_report import FinalReport
from fmtool.training.session import Session

_MIN_GAIN = 0.02
"""Of what was gained since the first epoch, that the last one must add to be called a gain."""
_STANDARD_ERRORS = 3.0
_MIN_GAP = 0.02
"""Of the larger of two figures, below which their difference is not worth a word."""


@dataclass(frozen=True)
class Compared:
    """The validation split beside the report on another one.

    Args:
        figures: of validation, by the names that the report has.
        samples: of validation.
    """

    figures: Mapping[str, float]
    samples: int


@dataclass(frozen=True)
class Remarks:
    """The lines, and whether more epochs may gain something."""

    lines: tuple[str, ...] = ()
    wants_more: bool = False


def of_training(session: Session, found: FinalReport, rows: Sequence[Row]) -> Remarks:
    """All that hold of a training which has ended.

    Args:
        rows: those of metrics.jsonl.
    """
    cfg, plan, monitor = session.cfg, session.plan, session.monitor
    lines: list[str | None] = []
    improving = None
    if monitor.metric is not None and monitor.metric.name.startswith("val_"):
        improving = still_improving(rows, monitor.metric)
        lines.append(improving)
    if found.report is not None:
        lines += no_better_than_one_answer(found.reporting, found.report)
        known = by_name(options.task(cfg.task.name).report_metrics(cfg.task))
        validation = _on_validation(session, found)
        lines.append(far_below(found.reporting, found.report, validation, known))
    samples = len(session.data.selection.train)
    lines.append(left_out(samples=samples, steps=plan.steps, batch_size=plan.batch_size))
    return Remarks(tuple(line for line in lines if line is not None), improving is not None)


def _on_validation(session: Session, found: FinalReport) -> Compared:
    best, validation = session.monitor.best, session.data.validation
    if best is None or validation is None:
        return Compared({}, 0)
    seen = {name.removeprefix("val_"): value for name, value in best.headline.items()}
    figures = found.reporting.on_validation(seen, found.chosen)
    return Compared(figures, len(validation[1]))


def still_improving(rows: Sequence[Row], metric: Metric) -> str | None:
    """The last epoch is the best one, by 2 % or more of what was gained since the first.

    Args:
        rows: those of metrics.jsonl.
    """
    values = [row.get(metric.name) for row in rows if row["kind"] == "epoch"]
    losses = [math.nan if value is None else metric.loss_of(value) for value in values]
    if len(losses) < 2 or not all(map(math.isfinite, losses)):
        return None
    gain, whole = min(losses[:-1]) - losses[-1], losses[0] - losses[-1]
    if gain <= 0 or gain < _MIN_GAIN * whole:
        return None
    return f"{metric.name} was still improving in the last epoch: more epochs may help"


def no_better_than_one_answer(reporting: Reporting[Any], report: Report) -> list[str]:
    """A metric is not above what one answer for all samples reaches."""
    lines = []
    for name, (answer, figure) in reporting.constant_answers(report).items():
        value = report.metrics[name]
        if value is not None and value <= figure:
            always = f"always answering '{answer}' gives {show(figure)}"
            lines.append(f"test {name} {show(value)} is no better than one answer: {always}")
    return lines


def far_below(
    reporting: Reporting[Any], report: Report, validation: Compared, metrics: Mapping[str, Metric]
) -> str | None:
    """The test split is worse than validation by more than three standard errors, and by 2 %.

    The standard error is that of the difference of two means of independent samples of one kind.

    Args:
        metrics: of the report, by name.
    """
    for name, seen in validation.figures.items():
        value, samples = report.metrics.get(name), (report.samples, validation.samples)
        if value is None:
            continue
        pooled = (value * samples[0] + seen * samples[1]) / sum(samples)
        deviation = reporting.deviation(name, pooled, report)
        if deviation is None:
            continue
        error = deviation * math.sqrt(1 / samples[0] + 1 / max(1, samples[1]))
        gap = metrics[name].loss_of(value) - metrics[name].loss_of(seen)
        if gap > _STANDARD_ERRORS * error and gap > _MIN_GAP * max(abs(value), abs(seen)):
            return (
                f"test {name} {show(value)} is far worse than {show(seen)} of validation, more "
                "than chance explains: do both splits have the same kind of samples?"
            )
    return None


def left_out(*, samples: int, steps: int, batch_size: int) -> str | None:
    """Whole batches do not take all samples."""
    rest = samples - steps * batch_size
    if rest <= 0:
        return None
    return (
        f"{rest:,} of {samples:,} training samples are left out of each epoch by "
        f"batch_size={batch_size}, others in each"
    )
