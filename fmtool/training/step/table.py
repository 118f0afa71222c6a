"""The samples of a split on the device, where they are gathered from."""

from typing import Any

import keras
import numpy as np

from fmtool.data.samples.read_ahead import read_all
from fmtool.data.splitting.splits import Split

Arrays = tuple[Any, Any]
"""(samples (n, ...), targets (n, ...)) as the split has them."""


class Table:
    """Read and put there when it is first asked for, so that a compiler can work meanwhile."""

    def __init__(self, split: Split) -> None:
        self._split = split
        self._arrays: Arrays | None = None

    def specs(self) -> tuple[tuple[tuple[int, ...], str], ...]:
        """Shape and dtype of each of `arrays`, which are not read for it."""
        x, y = self._split.x, self._split.y
        return (tuple(x.shape), str(x.dtype)), (tuple(y.shape), str(y.dtype))

    def arrays(self) -> Arrays:
        """Tensors of the backend. Raises DataError where files cannot be read again."""
        if self._arrays is None:
            samples, targets = self._split.x, np.asarray(self._split.y)
            # A mapped file is copied from where it lies; what has to be decoded, by all cores.
            is_array = isinstance(samples, np.ndarray)
            pixels = np.asarray(samples) if is_array else read_all(samples)
            self._arrays = (
                keras.ops.convert_to_tensor(pixels, dtype=str(samples.dtype)),
                keras.ops.convert_to_tensor(targets, dtype=str(targets.dtype)),
            )
        return self._arrays


def to_device(split: Split) -> Table:
    """A table that lies there already."""
    table = Table(split)
    table.arrays()
    return table
