"""Findings of a look at a data set, whatever kind of samples it has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fmtool.elements import Element
from fmtool.errors import DataError
from fmtool.targets import Target

NOTHING_TO_DO = "nothing has to be done"
"""The fix of what is only told."""


class Sample(NamedTuple):
    """A sample that can be used.

    Args:
        place: its file, or `FILE:LINE`, or the array and row.
        row: of the target: the place of a class, or a tuple of zeros and ones or of numbers.
        digest: of its content; equal for samples that a model could not tell apart.
    """

    place: str
    split: str
    row: Any
    digest: bytes


class Problem(NamedTuple):
    """Something that is wrong or unusual.

    Args:
        stops_training: whether `fmtool train` refuses the data set for it.
    """

    message: str
    fix: str
    stops_training: bool


@dataclass
class Problems:
    """Takes every problem, where a training would stop at the first."""

    found: list[Problem] = field(default_factory=list)

    def report(self, error: DataError) -> None:
        self.found.append(Problem(error.message, error.fix, stops_training=True))

    def warn(self, message: str, fix: str) -> None:
        self.found.append(Problem(message, fix, stops_training=False))


@dataclass(frozen=True)
class Findings:
    """The outcome of a look at one kind of data set.

    Args:
        option: the `data=` that reads it, and `keys` what differs from its defaults, with a
            comment for each where there is something to say.
        models: those that read such samples, the one to begin with first.
        target: of all samples; classes that cannot be used are among its names too.
        statistics: of the samples, in JSON types.
        element: one sample as a model reads it; None where that is known after a fit alone.
        picture_of: reads a sample by its place in `samples`, uint8 of (height, width, channels);
            None where they are no pictures.
        text_of: the same of texts.
    """

    option: str
    models: Sequence[str]
    keys: Mapping[str, "Key"]
    target: Target
    samples: Sequence[Sample]
    statistics: Mapping[str, Any]
    element: Element | None = None
    picture_of: Callable[[int], NDArray[np.uint8]] | None = None
    text_of: Callable[[int], str] | None = None

    def rows_of(self, samples: Sequence[Sample]) -> NDArray[Any]:
        """The rows of the target of some samples, (n, ...)."""
        rows = [sample.row for sample in samples]
        return np.array(rows, self.target.dtype).reshape(len(rows), *self.target.shape)

    def of_split(self, split: str) -> list[Sample]:
        return [sample for sample in self.samples if sample.split == split]


class Key(NamedTuple):
    value: Any
    comment: str = ""


def as_row(values: Any) -> Any:
    """A row of a target as samples have it: a number, or a tuple, which can be compared."""
    return tuple(values) if isinstance(values, list) else values


def spread(values: Sequence[int]) -> dict[str, float]:
    """Least, median and most."""
    return {
        "min": min(values, default=0),
        "median": float(np.median(values)) if values else 0.0,
        "max": max(values, default=0),
    }


def evenly(count: int, wanted: int) -> list[int]:
    """Up to `wanted` different places in `count` things, evenly spread."""
    return sorted({place * count // wanted for place in range(wanted)}) if count else []
