"""Samples on their way to the model: some at a time, with what is wrong with the others."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fmtool.data.samples.images import Images, ReadImages
from fmtool.data.samples.read_ahead import read_ahead
from fmtool.errors import DataError

ValueT = TypeVar("ValueT")
Item = tuple[str, ValueT | DataError]
"""A name, and what was read there or why nothing was."""


@dataclass(frozen=True)
class Block:
    """Samples that follow each other in the input.

    Args:
        names: what each is called in the output.
        errors: by the place in `names`.
        samples: (n, ...), those without an error.
    """

    names: Sequence[str]
    errors: Mapping[int, DataError]
    samples: NDArray[Any]


def of_items(
    items: Iterable[Item[ValueT]], size: int, to_samples: Callable[[list[ValueT]], NDArray[Any]]
) -> Iterator[Block]:
    """Blocks of `size` items; the last may be smaller."""
    pending: list[Item[ValueT]] = []
    for item in items:
        pending.append(item)
        if len(pending) == size:
            yield _block(pending, to_samples)
            pending = []
    if pending:
        yield _block(pending, to_samples)


def _block(items: list[Item[ValueT]], to_samples: Callable[[list[ValueT]], NDArray[Any]]) -> Block:
    errors = {place: each for place, (_, each) in enumerate(items) if isinstance(each, DataError)}
    values = [each for _, each in items if not isinstance(each, DataError)]
    return Block([name for name, _ in items], errors, to_samples(values))


def of_rows(samples: Images, names: Callable[[int], str], size: int) -> Iterator[Block]:
    """Blocks of samples that are read on access, ahead of their use."""
    sound, count = SoundRows(samples), len(samples)
    starts = range(0, count, size)
    batches = read_ahead(sound, (np.arange(i, min(i + size, count)) for i in starts))
    for start, batch in zip(starts, batches, strict=True):
        rows = range(start, start + len(batch))
        errors = {row - start: sound.errors.pop(row) for row in rows if row in sound.errors}
        kept = [place for place in range(len(batch)) if place not in errors]
        yield Block([names(row) for row in rows], errors, batch[kept] if errors else batch)


class SoundRows(ReadImages):
    """Other samples; of those that cannot be read, `errors` says why, and zeros stand for them."""

    def __init__(self, samples: Images) -> None:
        super().__init__(samples.shape)
        self.dtype = samples.dtype
        self._samples = samples
        self.errors: dict[int, DataError] = {}

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        try:
            return np.asarray(self._samples[rows])
        except DataError as error:
            if len(rows) == 1:
                self.errors[int(rows[0])] = error
                return np.zeros((1, *self.shape[1:]), self.dtype)
        # One of them: each by itself tells which.
        return np.concatenate([self.read(rows[place : place + 1]) for place in range(len(rows))])
