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
    """An object for each sample: input and what the model says, or input and error."""

    def __init__(self, file: TextIO | DataStream) -> None:
        self._file = file

    def add(self, prediction: Prediction) -> None:
        self._file.write(json.dumps(prediction.document, allow_nan=False) + "\n")


class Csv(Writer):
    """A line for each sample; the columns are the same whatever comes.

    Args:
        columns: between the input and the error.
        errors: whether there is a column for what could not be predicted.
    """

    def __init__(self, file: TextIO | DataStream, columns: Sequence[str], *, errors: bool) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._count, self._has_errors = len(columns), errors
        last = ["error"] if errors else []
        self._writer.writerow(["input", *map(cell, columns), *last])

    def add(self, prediction: Prediction) -> None:
        said = prediction.said
        row: list[Any] = [prediction.name, *(self._count * [None] if said is None else said.cells)]
        if self._has_errors:
            row.append(None if prediction.error is None else str(prediction.error))
        self._writer.writerow([cell(each) for each in row])
