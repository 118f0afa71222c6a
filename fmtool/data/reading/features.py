"""Rows of numbers: as they are given, and as the float32 that a model reads.

float32 has seven digits. Where the values of a column are large beside their spread, as times in
seconds since 1970 are, it keeps too little of their differences. From such columns an origin is
taken off in float64, or in whole numbers, before the conversion; all others are converted as they
are. The origins are fitted on the rows that are trained on and belong to the run.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.samples.images import ChosenImages, Images, ReadImages, is_in_memory
from fmtool.data.samples.read_ahead import read_all, read_blocks
from fmtool.errors import DataError

COARSE = 1e-3
"""Spacing of float32 at the largest value of a column, by its deviation, above which an origin is
taken off."""

_LARGEST = float(np.finfo(np.float32).max)
_WITHOUT_LOSS = ("float16", "float32", "bool", "int8", "uint8", "int16", "uint16")
"""Types whose values float32 holds to the last bit."""
_EXACT_DIFFERENCES = 2.0**62


@dataclass(frozen=True)
class Origins:
    """The numbers taken off each column, or each channel of a series, before the cast to float32.

    Args:
        values: whole numbers for a column of whole numbers; 0 for a column that stays as it is.
    """

    values: tuple[int | float, ...]

    def applied(self, numbers: NDArray[Any]) -> NDArray[np.float32]:
        """(n, ..., columns) numbers of any type without their origins."""
        found = numbers.astype(np.float32)
        for place, origin in enumerate(self.values):
            if origin:
                column = numbers[..., place]
                found[..., place] = _differences(column, origin).astype(np.float32)
        return found

    def of_cell(self, cell: str, place: int) -> np.float32:
        """A number that is written in column `place`; ValueError if it is not a number."""
        origin = self.values[place]
        if isinstance(origin, int) and cell.strip().lstrip("+-").isdecimal():
            return np.float32(int(cell) - origin)
        return np.float32(float(cell) - origin)


class ReadNumbers(ReadImages):
    """Rows of numbers as they are given, checked on each access.

    Args:
        origin: for the message.
    """

    def __init__(self, numbers: Images, origin: str) -> None:
        super().__init__(numbers.shape)
        self.dtype = numbers.dtype
        self._numbers, self._origin = numbers, origin

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        found = np.asarray(self._numbers[rows])
        sound = _fits(found.reshape(len(rows), -1)).all(axis=1)
        if not sound.all():
            row = int(rows[np.argmin(sound)])
            raise DataError(
                f"{self._origin}: a value in row {row} is NaN, infinite or too large for float32",
                fix="fill or remove what is missing, and save numbers that float32 can hold",
            )
        return found


def _fits(numbers: NDArray[Any]) -> NDArray[np.bool_]:
    """A mask of the numbers that are finite in float32."""
    if numbers.dtype.name in _WITHOUT_LOSS or numbers.dtype.kind != "f":
        return np.asarray(np.isfinite(numbers))
    return np.asarray(np.abs(numbers) <= _LARGEST)


class ReadFeatures(ReadImages):
    """Rows of numbers as float32, converted on each access."""

    dtype = np.dtype(np.float32)

    def __init__(self, numbers: Images, origins: Origins | None) -> None:
        super().__init__(numbers.shape)
        self._numbers, self._origins = numbers, origins

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        found = np.asarray(self._numbers[rows])
        if self._origins is None:
            return found.astype(np.float32)
        return self._origins.applied(found)


class ReadColumns(ReadImages):
    """Other rows, of each of which the columns at some places are taken in that order."""

    def __init__(self, numbers: Images, places: Sequence[int]) -> None:
        super().__init__((*numbers.shape[:-1], len(places)))
        self.dtype = numbers.dtype
        self._numbers, self._places = numbers, list(places)

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        return np.asarray(self._numbers[rows])[..., self._places]


def to_numbers(numbers: Images, origin: str) -> Images:
    """(n, ...) numbers as they are, which is checked at once where they are in memory.

    Raises:
        DataError: a value is NaN, infinite, or too large for float32; of what is read on access
            that is said when it is read.
    """
    checked = ReadNumbers(numbers, origin)
    if not is_in_memory(numbers):
        return checked
    for _ in read_blocks(checked):
        pass
    return numbers


def to_features(numbers: Images, origins: Origins | None) -> Images:
    """Checked numbers as float32: in memory where they are, else read on access."""
    features = ReadFeatures(numbers, origins)
    return read_all(features) if is_in_memory(numbers) else features


def as_given(block: NDArray[Any]) -> NDArray[Any]:
    """Numbers in the one form in which they are compared and hashed, whatever they are stored as.

    Equal values are equal bytes: float64 for all floats, int64 for whole numbers and truth values,
    uint64 for what may lie beyond.
    """
    if block.dtype.kind == "f":
        return block.astype("<f8")
    return block.astype("<u8" if block.dtype == np.uint64 else "<i8")


def fit_origins(numbers: Images, rows: NDArray[np.int32]) -> Origins | None:
    """The origins for the (n, ..., columns) numbers of `rows`; None where none is needed."""
    if numbers.dtype.name in _WITHOUT_LOSS:
        return None
    channels = numbers.shape[-1]
    # A value of the column itself, so that differences from it are small and exact.
    base = np.asarray(numbers[rows[:1]]).reshape(-1, channels)[0]
    chosen = ChosenImages(numbers, rows)
    total, largest, count = np.zeros(channels), np.zeros(channels), 0
    for block in read_blocks(chosen):
        flat = block.reshape(-1, channels)
        total += _differences(flat, base).sum(axis=0)
        largest = np.maximum(largest, np.abs(flat.astype(np.float64)).max(axis=0))
        count += len(flat)
    mean, squares = total / count, np.zeros(channels)
    for block in read_blocks(chosen):
        squares += np.square(_differences(block.reshape(-1, channels), base) - mean).sum(axis=0)
    deviation = np.sqrt(squares / count)
    is_coarse = (deviation > 0) & (np.spacing(largest.astype(np.float32)) > COARSE * deviation)
    if not is_coarse.any():
        return None
    return Origins(tuple(_origins(base, mean, is_coarse)))


def _origins(base: NDArray[Any], mean: NDArray[Any], chosen: NDArray[Any]) -> Sequence[int | float]:
    if base.dtype.kind == "f":
        return [float(b) + float(m) if c else 0 for b, m, c in zip(base, mean, chosen, strict=True)]
    return [
        int(b) + round(float(m)) if c else 0 for b, m, c in zip(base, mean, chosen, strict=True)
    ]


def _differences(numbers: NDArray[Any], origin: Any) -> NDArray[np.float64]:
    """float64; of whole numbers exact before the conversion, beyond 2**53 too."""
    if numbers.dtype.kind == "f" or isinstance(origin, float):
        return numbers.astype(np.float64) - np.asarray(origin, np.float64)
    rough = numbers.astype(np.float64) - np.asarray(origin).astype(np.float64)
    if isinstance(origin, int):
        origin = np.asarray(origin % 2**64, np.uint64)
    # Whole numbers that wrap around give the right difference, as long as 64 bits hold it.
    exact = (numbers.astype(np.uint64) - origin.astype(np.uint64)).view(np.int64)
    return np.where(np.abs(rough) < _EXACT_DIFFERENCES, exact, rough)
