"""Texts as arrays: of strings in memory, and in a file the bytes of all of them in one row."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fmtool.elements import Tokens

NOT_TOKENIZED = Tokens((0,), vocabulary=0)
"""The element of splits that hold strings."""


def texts_of(texts: Sequence[str]) -> NDArray[np.object_]:
    """The `x` of a split before it is tokenized."""
    x = np.empty(len(texts), dtype=object)
    x[:] = texts
    return x


def pack(texts: Sequence[str]) -> NDArray[np.uint8]:
    """UTF-8, a zero behind each text; none of them may hold one."""
    return np.frombuffer("".join(f"{text}\0" for text in texts).encode(), np.uint8)


def unpack(row: NDArray[np.uint8]) -> NDArray[np.object_]:
    """The strings that `pack` was given."""
    return texts_of([text.decode() for text in row.tobytes().split(b"\0")[:-1]])


def is_packed(row: NDArray[np.uint8], count: int) -> bool:
    """True where `row` holds so many texts."""
    return bool(row.ndim == 1 and row.size and row[-1] == 0 and (row == 0).sum() == count)
