"""Samples that lie one behind the other in a file and are read from there on access."""

import os
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading.regular_file import unreadable
from fmtool.data.samples.images import ReadImages
from fmtool.errors import DataError


class StoredRows(ReadImages):
    """Read, not mapped: pages of a map count as memory, and a file that is cut would end us.

    Args:
        file: stays open as long as this does, whatever becomes of `file`.
        start: where the first sample is, in bytes.
        stored: the type of the values in the file.
    """

    def __init__(
        self, path: Path, file: BinaryIO, start: int, shape: tuple[int, ...], stored: np.dtype[Any]
    ) -> None:
        super().__init__(shape)
        self.dtype = stored
        self._path, self._start = path, start
        self._file = os.fdopen(os.dup(file.fileno()), "rb", buffering=0)
        self._row_bytes = int(np.prod(shape[1:])) * stored.itemsize

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        batch = np.empty((len(rows), *self.shape[1:]), self.dtype)
        # One call for each run of rows that follow each other.
        runs = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
        for first, last in zip(runs, [*runs[1:], len(rows)], strict=False):
            self._fill(batch[first:last], self._start + int(rows[first]) * self._row_bytes)
        return batch

    def _fill(self, samples: NDArray[Any], offset: int) -> None:
        left = samples.reshape(-1).view(np.uint8).data
        while left:
            try:
                count = os.preadv(self._file.fileno(), [left], offset)
            except OSError as error:
                raise unreadable(self._path, error) from error
            if not count:
                raise DataError(f"{self._path}: cut since it was opened", fix="restore the file")
            left, offset = left[count:], offset + count
