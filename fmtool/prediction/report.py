"""The outcome of all samples, and the first of the predictions."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from fmtool.errors import DataError, ExitCode
from fmtool.prediction.results import Prediction

_MAX_KEPT = 1000
"""Predictions that a report has itself."""
_MAX_ERRORS = 5


@dataclass
class Report:
    """The outcome of all samples.

    Args:
        origin: the model.
        counted: what is counted, in order, such as classes.
        headings: of a table for people, behind that of the input.
        counts: predictions by what is counted.
        kept: the first ones.
        errors: the first ones.
    """

    origin: str
    counted: Sequence[str]
    headings: Sequence[str]
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
        """True where the report holds every prediction."""
        return len(self.kept) == self.predicted + self.failed

    def add(self, prediction: Prediction) -> None:
        if len(self.kept) < _MAX_KEPT:
            self.kept.append(prediction)
        if prediction.said is not None:
            self.predicted += 1
            self.counts.update(prediction.said.counted)
            return
        self.failed += 1
        if prediction.error is not None and len(self.errors) < _MAX_ERRORS:
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
            "counts": {each: self.counts[each] for each in self.counted if each in self.counts},
            "errors": [str(error) for error in self.errors],
            "predictions": [each.document for each in self.kept] if is_shown else None,
        }
