"""A figure by its name, which way it is better, and how its value is shown to people."""

import math
from dataclasses import dataclass
from typing import Literal

Goal = Literal["min", "max"] | float


@dataclass(frozen=True)
class Metric:
    """A figure of a training, a report or a model.

    Args:
        goal: `min`, `max`, or the value that is aimed at, such as 0.9 for the coverage of an
            interval that shall hold nine of ten values.
    """

    name: str
    goal: Goal

    def is_better(self, value: float, than: float | None, *, by: float = 0.0) -> bool:
        """True where `value` beats `than` by more than `by`.

        NaN never does, and anything else beats None and NaN.
        """
        if math.isnan(value):
            return False
        if than is None or math.isnan(than):
            return True
        return self.loss_of(than) - self.loss_of(value) > by

    def loss_of(self, value: float) -> float:
        """A number that is small where the figure is good: itself, its negative or its distance."""
        if self.goal == "min":
            return value
        return -value if self.goal == "max" else abs(value - self.goal)

    def of_validation(self) -> "Metric":
        """The same figure of the validation split, as rows of metrics.jsonl name it."""
        return Metric(f"val_{self.name}", self.goal)


def headline(report: tuple[Metric, ...]) -> tuple[str, ...]:
    """Names of the figures of a report that tables have room for: the first, and the loss."""
    losses = [metric.name for metric in report if is_loss(metric.name)]
    return tuple(dict.fromkeys([report[0].name, *losses]))


def is_loss(name: str) -> bool:
    """True where this is what a training minimizes, of whatever split: another function in each."""
    return name.removeprefix("val_") == "loss"


def of_rows(training: tuple[Metric, ...]) -> dict[str, Metric]:
    """The values in rows of metrics.jsonl, by name: of the training data, then of validation."""
    return by_name((*training, *(metric.of_validation() for metric in training)))


def by_name(metrics: tuple[Metric, ...]) -> dict[str, Metric]:
    """The metrics by their names, in order."""
    return {metric.name: metric for metric in metrics}


UNDEFINED = "\u2013"
"""Stands in tables for a figure that there is not."""


def show(value: float | None) -> str:
    """Four decimals, or four digits with an exponent where decimals would hide the value."""
    if value is None:
        return UNDEFINED
    magnitude = abs(value)
    return f"{value:.3e}" if 0 < magnitude < 1e-3 or magnitude >= 1e5 else f"{value:.4f}"
