"""Numbers of any type as the float32 that a model reads, none of them missing or infinite."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.images import Images, ReadImages, is_in_memory
from fmtool.data.read_ahead import read_all
from fmtool.errors import DataError


class ReadFeatures(ReadImages):
    """Rows of other numbers as float32, converted and checked on each access.

    Args:
        origin: for the message.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, numbers: Images, origin: str) -> None:
        super().__init__(numbers.shape)
        self._numbers, self._origin = numbers, origin

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        with np.errstate(over="ignore"):
            found = np.asarray(self._numbers[rows]).astype(np.float32)
        sound = np.isfinite(found.reshape(len(rows), -1)).all(axis=1)
        if not sound.all():
            row = int(rows[np.argmin(sound)])
            raise DataError(
                f"{self._origin}: a value in row {row} is NaN, infinite or too large for float32",
                fix="fill or remove what is missing, and save numbers that float32 can hold",
            )
        return found


def to_features(numbers: Images, origin: str) -> Images:
    """(n, ...) numbers as float32: in memory where they are, else read on access.

    Raises:
        DataError: a value is NaN, infinite, or too large for float32; of what is read on access
            that is said when it is read.
    """
    features = ReadFeatures(numbers, origin)
    return read_all(features) if is_in_memory(numbers) else features
