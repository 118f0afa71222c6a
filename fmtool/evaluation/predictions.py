"""`predictions=FILE`: each sample of an evaluation, its target, and what the model says of it."""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.class_names import SEPARATOR
from fmtool.errors import UsageError
from fmtool.evaluation.measure import Measurement, Watcher
from fmtool.evaluation.samples import Samples
from fmtool.runs.atomic import write_with
from fmtool.runs.csv_text import cell
from fmtool.tasks.shared.reporting import Reporting

_ENDINGS = (".csv", ".jsonl")


def require_possible(path: str | None) -> None:
    """UsageError for a file of an ending that is not known."""
    if path is not None and Path(path).suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"predictions={path}: neither .csv nor .jsonl", fix="give it one of these endings"
        )


def write(
    path: Path,
    samples: Samples,
    reporting: Reporting[Any],
    measured: Callable[[Watcher], Measurement],
) -> Measurement:
    """Measures and writes a line or object for each sample, in the order of the measurement.

    Raises CannotCreate, WriteFailed or what `measured` does, and then `path` is as it was.

    Args:
        measured: measures `samples` and shows each batch to what it is given.
    """
    as_objects = path.suffix.lower() == ".jsonl"
    found: list[Measurement] = []

    def fill(draft: Path) -> None:
        with draft.open("x", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            if not as_objects:
                # As `fmtool predict` has it, with the part and the target.
                header = ("input", "split", *reporting.compared_columns)
                writer.writerow([cell(each) for each in header])
            done = 0

            def watch(outputs: NDArray[np.float32], y: NDArray[Any]) -> None:
                nonlocal done
                rows = _rows(samples, done, reporting.compared(outputs, y))
                if as_objects:
                    file.writelines(json.dumps(row, allow_nan=False) + "\n" for row in rows)
                else:
                    writer.writerows([cell(each) for each in _flat(row)] for row in rows)
                done += len(outputs)

            found.append(measured(watch))

    write_with(path, fill)
    return found[0]


def _rows(
    samples: Samples, first: int, compared: Iterator[Mapping[str, Any]]
) -> Iterator[dict[str, Any]]:
    for place, said in enumerate(compared, start=first):
        name = samples.names[place]
        yield {
            "input": name if isinstance(name, str) else int(name),
            "split": str(samples.parts[place]),
            **said,
        }


def _flat(row: Mapping[str, Any]) -> Iterator[Any]:
    for value in row.values():
        if isinstance(value, Mapping):
            yield from value.values()
        elif isinstance(value, list):
            yield SEPARATOR.join(value)
        else:
            yield value
