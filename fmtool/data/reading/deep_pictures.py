"""Pictures of more than 8 bits: measured once as they are, then scaled by the range of some."""

import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ImageOps

from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.image_files import note_oddities, opened
from fmtool.data.reading.picture_files import PictureFiles, require_shape
from fmtool.data.reading.picture_modes import Look, check_depth, converted, is_deep, values_of
from fmtool.data.samples.images import ReadImages
from fmtool.data.splitting.inputs import Levels
from fmtool.errors import DataError

_RECORD = np.dtype([("digest", "V32"), ("low", "<f8"), ("high", "<f8"), ("row", "<i8")])


class Measurements(ReadImages):
    """A record of each picture instead of its pixels: uint8 (n, bytes of a record).

    Args:
        shape: (height, width, channels) that all have; None where they are resized.
        first: the picture that the shape is of.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        look: Look,
        *,
        shape: tuple[int, ...] | None,
        first: Path,
        oddities: DataWarnings,
    ) -> None:
        super().__init__((len(paths), _RECORD.itemsize))
        self._paths, self._look = paths, look
        self._shape, self._first, self._oddities = shape, first, oddities

    def read(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.uint8]:
        records = np.zeros(len(rows), _RECORD)
        for place, row in enumerate(rows):
            records[place] = self._measured(int(row))
        return records.view(np.uint8).reshape(len(rows), -1)

    def _measured(self, row: int) -> tuple[bytes, float, float, int]:
        path, look = self._paths[row], self._look
        with opened(path, max_pixels=look.max_pixels, is_new=True) as picture:
            note_oddities(picture, path, self._oddities)
            ImageOps.exif_transpose(picture, in_place=True)
            if not is_deep(picture):
                converted(picture, path, look, None)
            check_depth(picture, path, look.background)
            values = values_of(picture, path)
            if self._shape is not None:
                require_shape((*values.shape, self._shape[2]), self._shape, path, self._first)
            digest = hashlib.sha256(struct.pack("<2Q", *values.shape))
            kind = "<f4" if values.dtype.kind == "f" else "<i4"
            digest.update(np.ascontiguousarray(values.astype(kind)).data)
            return digest.digest(), float(values.min()), float(values.max()), row


class DeepPictures(PictureFiles):
    """Pictures that were measured, read as 8 bits between the levels of `look`.

    Args:
        records: uint8 (n, bytes of a record), as `Measurements` gives them.
        paths: of all pictures that were measured; the records say which these are.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        records: NDArray[np.uint8],
        look: Look,
        *,
        shape: tuple[int, ...],
        first: Path,
    ) -> None:
        self.records = np.ascontiguousarray(records).view(_RECORD)[:, 0]
        chosen = [paths[row] for row in self.records["row"]]
        # What there is to say of them was said when they were measured.
        super().__init__(chosen, look, shape=shape, first=first, oddities=DataWarnings())

    def fingerprints(self) -> list[bytes]:
        """Those of the pictures as they are given, which the levels have no part in."""
        return [record.tobytes() for record in self.records["digest"]]

    def range_of(self, rows: NDArray[np.integer[Any]]) -> Levels:
        """The smallest and the largest value in some of the pictures."""
        chosen = self.records[rows]
        return Levels(float(chosen["low"].min()), float(chosen["high"].max()))

    def beyond(self, levels: Levels) -> int:
        """The number of pictures with values outside of the levels."""
        low, high = self.records["low"], self.records["high"]
        return int(((low < levels.low) | (high > levels.high)).sum())

    def between(self, look: Look) -> "DeepPictures":
        """The same pictures with other levels."""
        again = object.__new__(DeepPictures)
        again.records = self.records
        PictureFiles.__init__(
            again, self.paths, look, shape=self.shape[1:], first=self.first, oddities=DataWarnings()
        )
        return again


def first_is_deep(path: Path, max_pixels: int) -> bool:
    """True where the picture in `path` has more than 8 bits; DataError as `read_image`."""
    with opened(path, max_pixels=max_pixels, is_new=True) as picture:
        return is_deep(picture)


def require_range(levels: Levels, origin: str) -> None:
    """DataError for pictures of a single value."""
    if levels.low == levels.high:
        raise DataError(
            f"{origin}: every pixel of the training pictures is {levels.low:g}",
            fix="look at how the pictures were saved",
        )
