"""Reads the pickles of the official CIFAR and Reuters files without running what they name.

A pickle may name functions to call. Here only the names a NumPy array is stored under are known,
and they stand for plain records, so not even NumPy's own constructors are reached.
"""

import io
import math
import pickle
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.errors import DataError, Refused

_ARRAY_NAMES = frozenset(
    {
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
    }
)

_DAMAGES = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError,
    OverflowError, MemoryError,
)  # fmt: skip


class _Dtype:
    """Stands for `numpy.dtype(code, ...)`; its state (byte order and the like) is not needed."""

    def __init__(self, code: object, *_flags: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        pass


class _Array:
    """Stands for a NumPy array under construction."""

    def __init__(self, *_placeholder: object) -> None:
        self.value: NDArray[np.uint8] | None = None

    def __setstate__(self, state: Any) -> None:
        _version, shape, dtype, is_fortran, data = state
        if dtype.code not in ("u1", b"u1") or is_fortran or math.prod(shape) != len(data):
            raise ValueError("not a uint8 array in C order")
        self.value = np.frombuffer(data, np.uint8).reshape(shape)


class _Lists:
    """Stands for a NumPy array of Python's lists."""

    def __init__(self, *_placeholder: object) -> None:
        self.value: list[Any] = []

    def __setstate__(self, state: Any) -> None:
        _version, _shape, dtype, _is_fortran, data = state
        if dtype.code not in ("O8", b"O8", "O", b"O") or not isinstance(data, list):
            raise ValueError("not an array of objects")
        self.value = data


class _Reader(pickle.Unpickler):
    array: type[_Array | _Lists] = _Array

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ARRAY_NAMES:
            return self.array
        if (module, name) == ("numpy", "ndarray"):
            return object
        if (module, name) == ("numpy", "dtype"):
            return _Dtype
        raise Refused(
            f"the pickle names {module}.{name}, which a data file has no use for",
            fix="delete the file: it is not an official one",
        )


class _ListsReader(_Reader):
    array = _Lists


def read_lists(content: bytes, *, origin: str) -> list[list[int]]:
    """The lists of integers in an .npy file, which holds an array of objects as a pickle.

    Raises:
        Refused: the pickle names anything but NumPy arrays.
        DataError: it is damaged or holds something else.
    """
    file = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(file)
        if version != (1, 0):
            raise ValueError(f"version {version}")
        np.lib.format.read_array_header_1_0(file)
        lists = _ListsReader(file).load().value
        if not all(isinstance(each, list) and {*map(type, each)} <= {int} for each in lists):
            raise ValueError("not lists of integers")
    except Refused as error:
        raise Refused(f"{origin}: {error.message}", fix=error.fix) from None
    except _DAMAGES as error:
        raise DataError(f"{origin} holds no lists: {error}", fix="delete it") from error
    return [list(each) for each in lists]


def read_batch(
    content: bytes, *, labels_key: bytes, origin: str
) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """The `data` array (n, 3072) and the labels (n,) of one CIFAR batch file.

    Raises:
        Refused: the pickle names anything but uint8 arrays.
        DataError: it is damaged or holds something else.
    """
    try:
        batch = _Reader(io.BytesIO(content), encoding="bytes").load()
        images, labels = batch[b"data"].value, np.asarray(batch[labels_key], dtype=np.int32)
    except Refused as error:
        raise Refused(f"{origin}: {error.message}", fix=error.fix) from None
    except _DAMAGES as error:
        raise DataError(f"{origin} is not a CIFAR batch: {error}", fix="delete it") from error
    if images is None or images.shape != (len(labels), 3072):
        raise DataError(f"{origin} is not a CIFAR batch", fix="delete it")
    return images, labels
