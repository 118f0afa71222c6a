"""Raw samples of any kind in .npy and .npz files of numpy's."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading import channel_order
from fmtool.data.reading.array_files import open_npy, open_npz
from fmtool.data.reading.features import ReadColumns, ReadFeatures, ReadNumbers
from fmtool.data.samples.images import Images, ReadImages
from fmtool.elements import WHAT
from fmtool.errors import DataError
from fmtool.export.metadata import Input
from fmtool.machine.memory import MAX_FRACTION, available
from fmtool.notices import warn
from fmtool.prediction import blocks
from fmtool.prediction.blocks import Block
from fmtool.prediction.number_columns import NumberColumns
from fmtool.prediction.sources import Inputs

_NAME = "x"
_COLUMNS = "columns"


def read(source: Inputs, reads: Input, numbers: NumberColumns, size: int) -> Iterator[Block]:
    """Blocks of up to `size` samples; what does not fit into memory stays in its file.

    Raises DataError for what is not an array of samples such as the model reads.

    Args:
        numbers: the columns of a model of rows of numbers.
    """
    for path in source.paths:
        samples, names = _opened(path)
        samples = _fitting(_ordered(samples, names, numbers, path), reads, path)
        if reads.kind == "features":
            samples = _features(samples, numbers, path)
        yield from blocks.of_rows(samples, partial(source.name_of, path), size)


def _ordered(
    samples: Images, names: tuple[str, ...] | None, numbers: NumberColumns, path: Path
) -> Images:
    """Rows in the order of the model's columns, where they have names in the file too."""
    if names is None or numbers.names is None:
        return samples
    if len(names) != samples.shape[-1]:
        what = f"{len(names)} names of columns for {samples.shape[-1]}"
        raise DataError(f"{path}: {what}", fix="name each column once")
    return ReadColumns(samples, numbers.places(names, path))


def _features(samples: Images, numbers: NumberColumns, path: Path) -> Images:
    if numbers.origins is not None and samples.dtype.itemsize < 8 and samples.dtype.kind == "f":
        warn(
            f"{path}: {samples.dtype} has lost differences that the model was trained on, "
            "save float64"
        )
    return ReadFeatures(ReadNumbers(samples, str(path)), numbers.origins)


def _opened(path: Path) -> tuple[Images, tuple[str, ...] | None]:
    """The samples, and the names of their columns where the file has an array of these."""

    def is_held(needed: int) -> bool:
        return needed <= MAX_FRACTION * available()

    if path.suffix.lower() == ".npy":
        return open_npy(path, is_held=is_held), None
    arrays = open_npz(path, samples=(_NAME,), is_held=is_held)
    found = arrays.pop(_COLUMNS, None) if len(arrays) > 1 else None
    names = None
    if isinstance(found, np.ndarray) and found.dtype.kind == "U" and found.ndim == 1:
        names = tuple(found.tolist())
    if len(arrays) > 1 and _NAME not in arrays:
        raise DataError(
            f"{path}: arrays {', '.join(arrays)}, none of which is '{_NAME}'",
            fix=f"save the samples as {_NAME}, or alone",
        )
    return arrays[_NAME] if _NAME in arrays else next(iter(arrays.values())), names


def _fitting(samples: Images, reads: Input, path: Path) -> Images:
    shape, kind = samples.shape, samples.dtype.kind
    if reads.kind == "image" and len(shape) == 3 and reads.shape[-1] == 1:
        # Grey pictures without the axis of their one channel.
        shape = (*shape, 1)
        samples = (
            samples.reshaped(shape)
            if isinstance(samples, ReadImages)
            else np.asarray(samples).reshape(shape)
        )
    is_shaped = len(shape) == 1 + len(reads.shape) and all(
        side in (None, found) for side, found in zip(reads.shape, shape[1:], strict=True)
    )
    wanted = {"image": "u", "text": "iu", "features": "biuf"}[reads.kind]
    is_typed = kind in wanted and (reads.kind != "image" or samples.dtype == np.uint8)
    if not is_shaped or not is_typed or 0 in shape:
        is_transposed = reads.kind == "image" and channel_order.is_transposed(shape, reads.shape)
        fix = "save such an array with numpy.save"
        if is_transposed:
            fix = "channels come last: save x.transpose(0, 2, 3, 1)"
        sides = ", ".join("any" if side is None else str(side) for side in reads.shape)
        raise DataError(
            f"{path}: {samples.dtype} {samples.shape}, the model reads {WHAT[reads.kind]}: "
            f"{reads.dtype} (n, {sides})",
            fix=fix,
        )
    if reads.kind == "text":
        return _Tokens(samples, str(path))
    return samples


class _Tokens(ReadImages):
    """Whole numbers as the int32 that a model of texts reads."""

    dtype = np.dtype(np.int32)

    def __init__(self, numbers: Images, origin: str) -> None:
        super().__init__(numbers.shape)
        self._numbers, self._origin = numbers, origin

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.int32]:
        found = np.asarray(self._numbers[rows])
        is_token = ((found >= 0) & (found <= np.iinfo(np.int32).max)).all(axis=1)
        if not is_token.all():
            row = int(rows[np.argmin(is_token)])
            raise DataError(f"{self._origin}: row {row} holds what is no token", fix="remove it")
        return found.astype(np.int32)
