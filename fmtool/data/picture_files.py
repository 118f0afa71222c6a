"""Pictures on disk as images that are decoded on access."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.images import ReadImages
from fmtool.data.oddities import Oddities
from fmtool.errors import DataError

Decode = Callable[[Path, Oddities | None], NDArray[np.uint8]]
"""`image_files.read_image` with the settings of a data set."""


class PictureFiles(ReadImages):
    """Pictures that all have the shape of one of them.

    Args:
        shape: (height, width, channels) of `first`.
        oddities: of pictures that are read for the first time.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        decode: Decode,
        *,
        shape: tuple[int, ...],
        first: Path,
        oddities: Oddities,
    ) -> None:
        super().__init__((len(paths), *shape))
        self._paths, self._decode, self._first = paths, decode, first
        self._oddities: Oddities | None = oddities

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        batch = np.empty((len(rows), *self.shape[1:]), np.uint8)
        for place, row in enumerate(rows):
            path = self._paths[row]
            image = self._decode(path, self._oddities)
            self._require_shape(image.shape, path)
            batch[place] = image
        return batch

    def have_been_read(self) -> None:
        """From now on nothing new is expected of any picture."""
        self._oddities = None

    def _require_shape(self, found: tuple[int, ...], path: Path) -> None:
        expected, first = self.shape[1:], self._first
        if found[:2] != expected[:2]:
            sizes = " vs ".join(f"{height}x{width}" for height, width, _ in (found, expected))
            raise DataError(f"{path}: {sizes} of {first}", fix="set data.resize=[HEIGHT,WIDTH]")
        if found != expected:
            modes = " vs ".join("L" if shape[2] == 1 else "RGB" for shape in (found, expected))
            raise DataError(
                f"{path}: mode {modes} of {first}",
                fix="set data.color=rgb or data.color=grayscale",
            )
