"""What a look at a data set finds, whatever kind of samples it has."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fmtool.errors import DataError


class Sample(NamedTuple):
    """A sample that can be used.

    Args:
        place: its file, or `FILE:LINE`, or the array and row.
        digest: of its content; equal for samples that a model could not tell apart.
    """

    place: str
    split: str
    class_name: str
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
    """What a look at one kind of data set gives.

    Args:
        option: the `data=` that reads it, and `keys` what differs from its defaults, with a
            comment for each where there is something to say.
        model: one that reads such samples.
        class_names: those of all samples, the ones that cannot be used included, in label order.
        statistics: of the samples, in JSON types.
        pictures_of: reads a few samples of the class with a name, uint8 of (height, width,
            channels); None where they are no pictures.
        examples: a few texts of each class; none where they are no texts.
    """

    option: str
    model: str
    keys: Mapping[str, "Key"]
    class_names: Sequence[str]
    samples: Sequence[Sample]
    statistics: Mapping[str, Any]
    pictures_of: Callable[[str], Sequence[NDArray[np.uint8]]] | None
    examples: Mapping[str, Sequence[str]]


class Key(NamedTuple):
    value: Any
    comment: str = ""


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
