"""Finds what is wrong with a data set before a model learns it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from fmtool.data.reading.features import as_given
from fmtool.data.samples.images import ReadImages, Stored
from fmtool.data.samples.read_ahead import read_blocks


@dataclass(frozen=True)
class Duplicates:
    """Counts of samples that repeat an earlier one, byte for byte.

    Args:
        across: samples of the test split that the training split holds too.
    """

    train: int
    test: int
    across: int


def find_duplicates(train: Stored, test: Stored) -> Duplicates:
    """Counts equal samples within and between two splits."""
    trained, tested = fingerprints(train), fingerprints(test)
    seen = set(trained)
    return Duplicates(
        train=len(trained) - len(seen),
        test=len(tested) - len(set(tested)),
        across=sum(sample in seen for sample in tested),
    )


def fingerprints(samples: Stored) -> list[bytes]:
    """The SHA-256 of each as given, a text's of its UTF-8, a record's of those of its fields."""
    if isinstance(samples, Mapping):
        fields = (fingerprints(samples[name]) for name in sorted(samples))
        return [hashlib.sha256(b"".join(each)).digest() for each in zip(*fields, strict=True)]
    if isinstance(samples, ReadImages) and (given := samples.fingerprints()) is not None:
        return given
    return [
        hashlib.sha256(_content(sample)).digest()
        for block in read_blocks(samples)
        for sample in (as_given(block) if _are_numbers(block) else block)
    ]


def _are_numbers(block: NDArray[Any]) -> bool:
    """True where samples are compared by value, whatever type they are stored as."""
    return block.dtype.kind in "biuf" and block.ndim < 4


def _content(sample: Any) -> Any:
    return sample.encode() if isinstance(sample, str) else sample.reshape(-1).data
