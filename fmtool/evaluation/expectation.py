"""The figure that a recipe is expected to reach, beside that of a training of it."""

from dataclasses import dataclass
from typing import Any

from fmtool.metric import show
from fmtool.runs.result import RunResult
from fmtool.schema import ExpectedConfig


@dataclass(frozen=True)
class Comparison:
    """An expected figure and the one of a run; no verdict, which is what a gate is for."""

    expected: ExpectedConfig
    reached: float | None
    """None where the report has no such metric, or it is not finite."""
    epochs: int
    """Epochs that the run has made."""

    def to_json(self) -> dict[str, Any]:
        reached = {"reached": self.reached, "reached_after_epochs": self.epochs}
        return {**self.expected.model_dump(), **reached}

    def line(self) -> str:
        wanted = self.expected
        circumstances = [wanted.source, wanted.hardware]
        if wanted.minutes is not None:
            circumstances.append(f"{wanted.minutes:g} minute{'' if wanted.minutes == 1 else 's'}")
        reached = "no such figure" if self.reached is None else show(self.reached)
        return (
            f"expected {wanted.metric} {wanted.value:g} ± {wanted.tolerance:g} "
            f"after {_epochs(wanted.epochs)} ({', '.join(circumstances)}); "
            f"reached {reached} after {self.epochs}"
        )


def compare(expected: ExpectedConfig, result: RunResult) -> Comparison:
    return Comparison(expected, result.metrics.get(expected.metric), result.epochs)


def _epochs(count: int) -> str:
    return f"{count} epoch{'s' if count != 1 else ''}"
