"""Pictures as a model reads them, decoded as those that it was trained on."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.image_files import Color, read_image
from fmtool.data.images import ReadImages
from fmtool.data.oddities import Oddities
from fmtool.data.resizing import ResizeMode
from fmtool.errors import DataError
from fmtool.export.metadata import Metadata
from fmtool.prediction import blocks
from fmtool.prediction.blocks import Block

_MAXIMUM = 255
"""Of the pixels in a file, as `image_files` gives them."""
_MODES = {1: "L", 3: "RGB"}


class Pictures(ReadImages):
    """Pictures that are decoded on access; DataError for one that is not of the model's shape.

    Args:
        shape: (height, width, channels) that the model reads.
        resize_mode: how others are brought to its size; None where they are errors.
        color: None for what the model reads.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        shape: tuple[int, int, int],
        *,
        resize_mode: ResizeMode | None,
        color: Color | None,
        max_pixels: int,
    ) -> None:
        super().__init__((len(paths), *shape))
        self.oddities = Oddities()
        self._paths, self._max_pixels = paths, max_pixels
        self._color: Color = color or ("grayscale" if shape[2] == 1 else "rgb")
        self._resize_mode: ResizeMode = resize_mode or "stretch"
        self._size = None if resize_mode is None else shape[:2]

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        batch = np.empty((len(rows), *self.shape[1:]), np.uint8)
        for place, row in enumerate(rows):
            path = self._paths[row]
            pixels = self.decode(path)
            if pixels.shape != self.shape[1:]:
                raise _misfit(path, pixels.shape, self.shape[1:])
            batch[place] = pixels
        return batch

    def decode(self, path: Path) -> NDArray[np.uint8]:
        """(height, width, channels), of any size where none is resized to."""
        return read_image(
            path,
            color=self._color,
            max_pixels=self._max_pixels,
            size=self._size,
            resize_mode=self._resize_mode,
            oddities=self.oddities,
        )


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
        fix="set data.color=rgb or data.color=grayscale",
    )


def read(
    pictures: Pictures, paths: Sequence[Path], metadata: Metadata, size: int
) -> Iterator[Block]:
    """Blocks of up to `size`; of one where each may have a size of its own.

    Raises DataError where pixels of files mean something else than the model was trained on.
    """
    if metadata.input.maximum != _MAXIMUM or metadata.trained_shape[2] not in _MODES:
        channels = metadata.trained_shape[2]
        raise DataError(
            f"the model reads pixels from 0 to {metadata.input.maximum} in {channels} channels, "
            "which no picture has",
            fix="give raw samples in a .npy file",
        )
    if None in metadata.input.shape:
        found = _of_any_size(pictures, paths)
    else:
        found = blocks.of_rows(pictures, lambda row: str(paths[row]), size)
    yield from found
    pictures.oddities.report()


def _of_any_size(pictures: Pictures, paths: Sequence[Path]) -> Iterator[Block]:
    channels = pictures.shape[3]
    for path in paths:
        try:
            pixels = pictures.decode(path)
            if pixels.shape[2] != channels:
                raise _misfit(path, pixels.shape, (*pixels.shape[:2], channels))
        except DataError as error:
            empty = np.empty((0, *pictures.shape[1:]), np.uint8)
            yield Block([str(path)], {0: error}, empty)
        else:
            yield Block([str(path)], {}, pixels[np.newaxis])
