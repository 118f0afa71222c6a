"""Predictions as CSV or JSON Lines, written as they come."""

import csv
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal, TextIO

from fmtool.notices import DataStream
from fmtool.prediction.results import Prediction
from fmtool.runs.csv_text import cell

OutputFormat = Literal["csv", "jsonl"]


class Writer(ABC):
    """Takes one prediction after the other."""

    @abstractmethod
    def add(self, prediction: Prediction) -> None: ...


class JsonLines(Writer):
    """An object for each sample: input, label and probability, or input and error."""

    def __init__(self, file: TextIO | DataStream, labels: Sequence[str]) -> None:
        self._file, self._labels = file, labels

    def add(self, prediction: Prediction) -> None:
        self._file.write(json.dumps(document(prediction, self._labels), allow_nan=False) + "\n")


def document(prediction: Prediction, labels: Sequence[str]) -> dict[str, Any]:
    """A prediction in JSON types."""
    if prediction.error is not None:
        return {"input": prediction.name, "error": str(prediction.error)}
    best = [{"label": label, "probability": found} for label, found in prediction.best]
    all_of_them = prediction.probabilities
    return {
        "input": prediction.name,
        **best[0],
        **({"top": best} if len(best) > 1 else {}),
        **(
            {}
            if all_of_them is None
            else {"probabilities": dict(zip(labels, all_of_them, strict=True))}
        ),
    }


class Csv(Writer):
    """A line for each sample; the columns are the same whatever comes."""

    def __init__(
        self,
        file: TextIO | DataStream,
        labels: Sequence[str],
        *,
        top: int,
        probabilities: bool,
        errors: bool,
    ) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._top, self._count = top, len(labels) if probabilities else 0
        self._has_errors = errors
        places = ["", *(f"_{place}" for place in range(2, top + 1))]
        self._writer.writerow(
            [
                "input",
                *(name for place in places for name in (f"label{place}", f"probability{place}")),
                *(cell(f"probability of {label}") for label in labels[: self._count]),
                *(["error"] if errors else []),
            ]
        )

    def add(self, prediction: Prediction) -> None:
        best = [each for pair in prediction.best for each in pair]
        row: list[Any] = [prediction.name, *best, *(2 * self._top - len(best)) * [None]]
        row += prediction.probabilities or self._count * [None]
        if self._has_errors:
            row.append(None if prediction.error is None else str(prediction.error))
        self._writer.writerow([cell(each) for each in row])
