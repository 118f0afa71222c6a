"""Reads pretrained word vectors as text, as GloVe and word2vec are given away.

Each line has a word and its numbers, with spaces between; word2vec's first line has their counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading.problems import stop
from fmtool.data.reading.text_lines import LineError, read_lines
from fmtool.errors import DataError

_MAX_NUMBERS = 1 << 13
_FIX = "write a word and its numbers on each line, with spaces between"
_KEY = 0x766563746F7273
"""The key of the draw for words that are not found: the same ones in every run."""


@dataclass(frozen=True)
class Vectors:
    """float32 (size, width), and how many of its rows were read."""

    values: NDArray[np.float32]
    found: int


def read(path: Path, vocabulary: Mapping[str, int], *, size: int) -> Vectors:
    """The vector of each word of `vocabulary`, in its row.

    Words that `path` does not have get random numbers of the same variance, padding has zeros.
    Nothing is kept of other words, so that the file may be larger than the memory.

    Raises:
        DataError: a line is malformed, which is named, or none of the words is there.
    """
    rows: dict[int, NDArray[np.float32]] = {}
    width = 0
    for number, line in read_lines(path, "utf-8", stop, is_kept=False):
        word, *numbers = line.rstrip(" ").split(" ") if not width else line.split(" ", 1)
        if not width:
            if _is_header([word, *numbers]):
                continue
            width = _width(numbers, path, number)
        row = vocabulary.get(word, 0)
        values = _values(line.rstrip(" "), width, path, number, is_wanted=row > 0)
        if values is not None:
            rows.setdefault(row, values)
    if not rows:
        raise DataError(f"{path}: none of the {len(vocabulary)} words is there", fix=_WORDS)
    return Vectors(_filled(rows, size, width), len(rows))


_WORDS = "use data.tokenizer=word, and vectors of the language of the texts"


def _is_header(fields: Sequence[str]) -> bool:
    return len(fields) == 2 and all(field.isdecimal() for field in fields)


def _width(numbers: Sequence[str], path: Path, line: int) -> int:
    if not 1 < len(numbers) <= _MAX_NUMBERS:
        raise LineError(path, line, f"{len(numbers)} numbers behind a word", fix=_FIX)
    return len(numbers)


def _values(
    line: str, width: int, path: Path, number: int, *, is_wanted: bool
) -> NDArray[np.float32] | None:
    """The numbers of a line, None where its word is not wanted."""
    spaces = line.count(" ")
    if spaces < width or (spaces > width and _are_numbers(line.split(" ")[1:])):
        raise LineError(path, number, f"{spaces} numbers, expected {width}", fix=_FIX)
    # Some sets have words with spaces; none of a tokenizer's words has one.
    if not is_wanted or spaces > width:
        return None
    try:
        with np.errstate(over="ignore"):
            values: NDArray[np.float32] = np.array(line.split(" ")[1:], np.float32)
    except ValueError as error:
        raise LineError(path, number, f"not a number ({str(error)[-60:]})", fix=_FIX) from error
    if not np.isfinite(values).all():
        raise LineError(path, number, "a number that is not finite", fix="remove the line")
    return values


def _are_numbers(fields: Sequence[str]) -> bool:
    try:
        np.array(fields, np.float32)
    except ValueError:
        return False
    return True


def _filled(rows: Mapping[int, NDArray[np.float32]], size: int, width: int) -> NDArray[np.float32]:
    """The vectors that were read in their rows, and random numbers elsewhere.

    Uniform, of the variance of what was read, as Kim (2014) draws them. Raw Philox words are used
    because NumPy keeps them the same for ever.
    """
    read_rows = np.fromiter(rows, np.intp)
    known = np.stack(list(rows.values()))
    words = np.random.Philox(key=_KEY).random_raw(size * width)
    uniform = (words >> np.uint64(11)) * 2.0**-53
    span = np.sqrt(3.0) * known.std(dtype=np.float64)
    values: NDArray[np.float32] = ((2 * uniform - 1) * span).astype(np.float32).reshape(size, width)
    values[read_rows] = known
    values[0] = 0
    return values
