"""`predictions=FILE`: each sample of an evaluation, its class, and what the model says of it."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.errors import UsageError
from fmtool.evaluation.measure import Measurement
from fmtool.evaluation.samples import Samples
from fmtool.runs.atomic import write_with
from fmtool.runs.csv_text import cell

_ENDINGS = (".csv", ".jsonl")
_BLOCK = 4096


def require_possible(path: str | None) -> None:
    """UsageError for a file of an ending that is not known."""
    if path is not None and Path(path).suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"predictions={path}: neither .csv nor .jsonl", fix="give it one of these endings"
        )


def write(path: Path, measured: Measurement, samples: Samples) -> None:
    """A line or object for each sample, in the order in which they were measured.

    Raises CannotCreate or WriteFailed, and then `path` is as it was.
    """
    as_objects = path.suffix.lower() == ".jsonl"
    labels = samples.splits.class_names
    rows = _rows(measured, samples)

    def fill(draft: Path) -> None:
        with draft.open("x", encoding="utf-8", newline="") as file:
            if as_objects:
                file.writelines(json.dumps(row, allow_nan=False) + "\n" for row in rows)
                return
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([cell(each) for each in _header(labels)])
            for row in rows:
                *first, of_classes = row.values()
                writer.writerow([cell(each) for each in (*first, *of_classes.values())])

    write_with(path, fill)


def _header(labels: Sequence[str]) -> list[str]:
    """As `fmtool predict` has it, with the part and the true class."""
    known = ("input", "split", "truth", "label", "probability")
    return [*known, *(f"probability of {label}" for label in labels)]


def _rows(measured: Measurement, samples: Samples) -> Iterator[dict[str, Any]]:
    labels = samples.splits.class_names
    for first in range(0, len(measured.logits), _BLOCK):
        block = slice(first, first + _BLOCK)
        found = _probabilities(measured.logits[block])
        for place, each in enumerate(found.tolist(), start=first):
            best = int(np.argmax(measured.logits[place]))
            name = samples.names[place]
            yield {
                "input": name if isinstance(name, str) else int(name),
                "split": str(samples.parts[place]),
                "truth": labels[int(samples.split.y[place])],
                "label": labels[best],
                "probability": each[best],
                "probabilities": dict(zip(labels, each, strict=True)),
            }


def _probabilities(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, classes), rounded to float32 as `fmtool predict` gives them."""
    exact = logits.astype(np.float64)
    powers = np.exp(exact - exact.max(axis=1, keepdims=True))
    shares: NDArray[np.float32] = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
