"""Pictures on disk as images that are decoded on access."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.image_files import read_image
from fmtool.data.reading.picture_modes import Look
from fmtool.data.samples.images import ReadImages
from fmtool.errors import DataError

DIGEST_BYTES = 16


class PictureFiles(ReadImages):
    """Pictures that all have the shape of one of them.

    Args:
        shape: (height, width, channels) of `first`.
        oddities: of pictures that are read for the first time.

    Attributes:
        digests: uint8 (n, 16), of each picture as it was read for the first time.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        look: Look,
        *,
        shape: tuple[int, ...],
        first: Path,
        oddities: DataWarnings,
    ) -> None:
        super().__init__((len(paths), *shape))
        self.paths, self.look, self.first = paths, look, first
        self.digests = np.zeros((len(paths), DIGEST_BYTES), np.uint8)
        self._oddities: DataWarnings | None = oddities

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        batch = np.empty((len(rows), *self.shape[1:]), np.uint8)
        for place, row in enumerate(rows):
            path = self.paths[row]
            image = read_image(path, self.look, self._oddities)
            require_shape(image.shape, self.shape[1:], path, self.first)
            batch[place] = image
            if self._oddities is not None:
                digest = hashlib.blake2b(batch[place].data, digest_size=DIGEST_BYTES).digest()
                self.digests[row] = np.frombuffer(digest, np.uint8)
        return batch

    def have_been_read(self) -> None:
        """From now on nothing new is expected of any picture."""
        self._oddities = None


def require_shape(
    found: tuple[int, ...], expected: tuple[int, ...], path: Path, first: Path
) -> None:
    """DataError unless a picture has the (height, width, channels) of the first."""
    if found[:2] != expected[:2]:
        sizes = " vs ".join(f"{height}x{width}" for height, width, _ in (found, expected))
        raise DataError(f"{path}: {sizes} of {first}", fix="set data.resize=[HEIGHT,WIDTH]")
    if found != expected:
        modes = " vs ".join("L" if shape[2] == 1 else "RGB" for shape in (found, expected))
        raise DataError(
            f"{path}: mode {modes} of {first}", fix="set data.color=rgb or data.color=grayscale"
        )
