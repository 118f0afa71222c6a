"""The samples of a split as rows that are read when they are asked for, in memory or not."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fmtool.elements import Pixels


class Images(Protocol):
    """uint8 of shape (n, height, width, channels); NumPy arrays and memory maps are such.

    So are tokens and other numbers, see `fmtool.elements`, in the type that they have there.

    Indexed by an integer, a slice, or integers of shape (b,); gives an array of its own.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> Any: ...


Stored = Images | Mapping[str, Images]
"""The samples of a split: one array of them, or one for each field of a record."""


class ReadImages(ABC):
    """Images that lie elsewhere and are read on each access, from as many threads as may be."""

    dtype: np.dtype[Any] = np.dtype(np.uint8)

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any, /) -> NDArray[Any]:
        if isinstance(rows, slice):
            return self.read(np.arange(*rows.indices(len(self))))
        if isinstance(rows, int | np.integer):
            sample: NDArray[Any] = self.read(np.array([range(len(self))[rows]]))[0]
            return sample
        return self.read(np.asarray(rows))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("images that are read have no array that could be shared")
        return np.asarray(self[:], dtype)

    def reshaped(self, shape: tuple[int, ...]) -> "ReadImages":
        """The same values, of another `shape` behind the first axis."""
        return _ReshapedImages(self, shape)

    def fingerprints(self) -> list[bytes] | None:
        """A digest of each sample as it is given; None where that is how it is read."""
        return None

    @abstractmethod
    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        """The rows, integers of shape (b,), in a new array; DataError if they cannot be read."""


class _ReshapedImages(ReadImages):
    def __init__(self, images: ReadImages, shape: tuple[int, ...]) -> None:
        super().__init__(shape)
        self.dtype = images.dtype
        self._images = images

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        return self._images.read(rows).reshape(len(rows), *self.shape[1:])


class ChosenImages(ReadImages):
    """Some rows of other images, which stay where they are."""

    def __init__(self, images: Images, rows: NDArray[np.integer[Any]]) -> None:
        super().__init__((len(rows), *images.shape[1:]))
        self.dtype = images.dtype
        self._images, self._rows = images, rows

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        return np.asarray(self._images[self._rows[rows]])

    def fingerprints(self) -> list[bytes] | None:
        found = self._images.fingerprints() if isinstance(self._images, ReadImages) else None
        return None if found is None else [found[row] for row in self._rows]


class JoinedImages(ReadImages):
    """The rows of several, one after the other; all of one type and shape."""

    def __init__(self, parts: Sequence[Images]) -> None:
        super().__init__((sum(map(len, parts)), *parts[0].shape[1:]))
        self.dtype = parts[0].dtype
        self._parts = parts
        self._ends = np.cumsum([len(part) for part in parts])

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[Any]:
        batch = np.empty((len(rows), *self.shape[1:]), self.dtype)
        owners = np.searchsorted(self._ends, rows, side="right")
        for number, part in enumerate(self._parts):
            mine = owners == number
            if mine.any():
                batch[mine] = part[rows[mine] - (self._ends[number] - len(part))]
        return batch


def join(parts: Sequence[Images]) -> Images:
    """The rows of all, in memory where all of them are, else read on access."""
    if len(parts) == 1:
        return parts[0]
    if all(map(is_in_memory, parts)):
        return np.concatenate([np.asarray(part) for part in parts])
    return JoinedImages(parts)


def is_in_memory(images: Images) -> bool:
    """False for what is read on access, memory maps included."""
    return isinstance(images, np.ndarray) and not isinstance(images, np.memmap)


def pixels_of(images: Images) -> Pixels:
    """The element of (n, height, width, channels) images."""
    height, width, channels = images.shape[1:]
    return Pixels((height, width, channels))


def bytes_of(images: Images) -> int:
    """The size of all of them, in bytes."""
    return math.prod(images.shape) * images.dtype.itemsize


def choose(images: Images, rows: NDArray[np.integer[Any]]) -> Images:
    """The `rows`, integers of shape (b,): a copy of what is in memory, else read on access."""
    return images[rows] if is_in_memory(images) else ChosenImages(images, rows)
