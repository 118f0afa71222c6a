"""Pictures as a model reads them, decoded as those that it was trained on."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.image_files import read_image
from fmtool.data.reading.picture_modes import Look
from fmtool.data.samples.images import ReadImages
from fmtool.errors import DataError
from fmtool.export.metadata import Metadata
from fmtool.prediction import blocks
from fmtool.prediction.blocks import Block

_MAXIMUM = 255
"""The largest value of pixels in a file, as `image_files` gives them."""
_MODES = {1: "L", 3: "RGB"}


class Pictures(ReadImages):
    """Pictures that are decoded on access; DataError for one that is not of the model's shape.

    Args:
        paths: with why there is none in the place of one.
        shape: (height, width, channels) that the model reads.
        look: how they are read; a picture of another size is an error where it has no size.
    """

    def __init__(
        self, paths: Sequence[Path | DataError], shape: tuple[int, int, int], look: Look
    ) -> None:
        super().__init__((len(paths), *shape))
        self.oddities = DataWarnings()
        self._paths, self._look = paths, look

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        batch = np.empty((len(rows), *self.shape[1:]), np.uint8)
        for place, row in enumerate(rows):
            batch[place] = self.decode(int(row), sides=self.shape[1:3])
        return batch

    def decode(self, row: int, *, sides: tuple[int, ...] | None) -> NDArray[np.uint8]:
        """(height, width, channels) of one; DataError unless it has these sides."""
        path = self._paths[row]
        if isinstance(path, DataError):
            raise path
        pixels = read_image(path, self._look, self.oddities)
        expected = (*(sides or pixels.shape[:2]), self.shape[3])
        if pixels.shape != expected:
            raise _misfit(path, pixels.shape, expected)
        return pixels


def _misfit(path: Path, found: tuple[int, ...], expected: tuple[int, ...]) -> DataError:
    if found[:2] != expected[:2]:
        sizes = [f"{height}x{width}" for height, width, _ in (found, expected)]
        return DataError(
            f"{path}: {sizes[0]} pixels, the model reads {sizes[1]}",
            fix="set data.resize_mode=stretch, crop or pad",
        )
    modes = [_MODES.get(shape[2], f"{shape[2]} channels") for shape in (found, expected)]
    return DataError(
        f"{path}: mode {modes[0]}, the model reads {modes[1]}",
        fix=f"set data.color={'rgb' if expected[2] == 3 else 'grayscale'}",
    )


def read(
    pictures: Pictures, names: Sequence[str], metadata: Metadata, size: int
) -> Iterator[Block]:
    """Blocks of up to `size`; of one where each may have a size of its own.

    Raises DataError where pixels of files mean something else than the model was trained on.
    """
    channels = metadata.trained_shape[2]
    if metadata.input.maximum != _MAXIMUM or channels not in _MODES:
        raise DataError(
            f"the model reads pixels from 0 to {metadata.input.maximum} in {channels} channels, "
            "which no picture has",
            fix="give raw samples in a .npy file",
        )
    if None in metadata.input.shape:
        yield from _of_any_size(pictures, names)
    else:
        yield from blocks.of_rows(pictures, names.__getitem__, size)
    pictures.oddities.report()


def _of_any_size(pictures: Pictures, names: Sequence[str]) -> Iterator[Block]:
    for row, name in enumerate(names):
        try:
            yield Block([name], {}, pictures.decode(row, sides=None)[np.newaxis])
        except DataError as error:
            yield Block([name], {0: error}, np.empty((0, *pictures.shape[1:]), np.uint8))
