"""The best epoch, by one metric."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from fmtool.metric import Metric, is_loss
from fmtool.runs.result import Best


@dataclass
class Monitor:
    """Follows `metric` over the epochs; without one the last epoch is the best.

    Args:
        loss, headline: the function that is minimized, and the metric of rows that compares where
            it does not; see `Best`.
    """

    metric: Metric | None
    loss: str | None = None
    headline: Metric | None = None
    best: Best | None = field(default=None, init=False)

    @property
    def name(self) -> str | None:
        return None if self.metric is None else self.metric.name

    def take(self, row: dict[str, Any]) -> bool:
        """Takes the row of an epoch; True where it is the best so far."""
        value = None if self.metric is None else float(row[self.metric.name])
        previous = None if self.best is None else self.best.value
        if self.metric and value is not None and not self.metric.is_better(value, previous):
            return False
        headline = self.headline if self.headline and self.headline.name in row else None
        known = [each for each in (self.metric, headline) if each is not None]
        self.best = Best(
            row["epoch"],
            row["step"],
            self.name or "last epoch",
            value,
            loss=self.loss,
            headline={} if headline is None else {headline.name: float(row[headline.name])},
            goals={each.name: each.goal for each in known},
        )
        return True

    def state(self) -> dict[str, Any]:
        """The best epoch so far, for a checkpoint."""
        return {"best": None if self.best is None else asdict(self.best)}

    def restore(self, state: dict[str, Any]) -> None:
        self.best = None if state["best"] is None else Best(**state["best"])


def resolve(monitor: str, rows: Mapping[str, Metric], *, has_validation: bool) -> Metric | None:
    """The metric that a config names; None for the last epoch.

    `auto` is the loss of the validation split, or without one the last epoch.

    Args:
        rows: what rows of metrics.jsonl hold, the loss first.
    """
    if monitor != "auto":
        return rows[monitor]
    return next(iter(rows.values())).of_validation() if has_validation else None


def headline(training: Sequence[Metric], report: Sequence[Metric]) -> Metric | None:
    """The figure of validation that compares where losses do not; None where rows have none.

    It is the headline of a task, or else the first of its other figures that rows have as well.
    """
    known = (each for each in report if each in training and not is_loss(each.name))
    found = next(known, None)
    return None if found is None else found.of_validation()
