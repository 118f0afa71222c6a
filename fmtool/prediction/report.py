"""What became of all samples, and the first of the predictions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fmtool.errors import DataError, ExitCode
from fmtool.prediction import writing
from fmtool.prediction.results import Prediction

_MOST_KEPT = 1000
"""Predictions that a report has itself."""
_MOST_ERRORS = 5


@dataclass
class Report:
    """What became of the samples.

    Args:
        origin: the model.
        labels: of the classes.
        counts: predictions by label.
        kept: the first ones.
        errors: the first ones.
    """

    origin: str
    labels: Sequence[str]
    input: str
    output: str | None
    predicted: int = 0
    failed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    kept: list[Prediction] = field(default_factory=list)
    errors: list[DataError] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return int(ExitCode.BAD_DATA if self.failed else ExitCode.SUCCESS)

    @property
    def is_whole(self) -> bool:
        """Whether it has every prediction itself."""
        return len(self.kept) == self.predicted + self.failed

    def add(self, prediction: Prediction) -> None:
        if len(self.kept) < _MOST_KEPT:
            self.kept.append(prediction)
        if prediction.error is None:
            self.predicted += 1
            self.counts[prediction.best[0][0]] += 1
            return
        self.failed += 1
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append(prediction.error)

    def to_json(self) -> dict[str, Any]:
        is_shown = self.is_whole and self.output is None
        return {
            "schema_version": 1,
            "status": "failed" if self.failed else "completed",
            "exit_code": self.exit_code,
            "model": self.origin,
            "input": self.input,
            "output": self.output,
            "predicted": self.predicted,
            "failed": self.failed,
            "counts": {label: self.counts[label] for label in self.labels if label in self.counts},
            "errors": [str(error) for error in self.errors],
            "predictions": [writing.document(each, self.labels) for each in self.kept]
            if is_shown
            else None,
        }
