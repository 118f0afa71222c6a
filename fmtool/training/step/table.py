"""The samples of a split on the device, where they are gathered from."""

from typing import Any

import keras
import numpy as np

from fmtool.data.samples.read_ahead import read_all
from fmtool.data.splitting.splits import Split
from fmtool.trees import mapped

Arrays = tuple[Any, Any]
"""(samples (n, ...), targets (n, ...)) as the split has them, each a tree of arrays."""


class Table:
    """Read and put there when it is first asked for, so that a compiler can work meanwhile."""

    def __init__(self, split: Split) -> None:
        self._split = split
        self._arrays: Arrays | None = None

    def specs(self) -> tuple[Any, Any]:
        """As `arrays`, which are not read for it, the (shape, dtype) of each."""
        return mapped(_spec, self._split.x), mapped(_spec, self._split.y)

    def arrays(self) -> Arrays:
        """Tensors of the backend. Raises DataError where files cannot be read again."""
        if self._arrays is None:
            self._arrays = mapped(_put, self._split.x), mapped(_put, self._split.y)
        return self._arrays


def _spec(array: Any) -> tuple[tuple[int, ...], str]:
    return tuple(array.shape), str(array.dtype)


def _put(array: Any) -> Any:
    # A mapped file is copied from where it lies; what has to be decoded, by all cores.
    is_array = isinstance(array, np.ndarray)
    values = np.asarray(array) if is_array else read_all(array)
    return keras.ops.convert_to_tensor(values, dtype=str(array.dtype))


def to_device(split: Split) -> Table:
    """A table that lies there already."""
    table = Table(split)
    table.arrays()
    return table
