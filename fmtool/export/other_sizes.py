"""Pictures of other sizes and proportions, which a file that reads any size is tried on as well."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading.resizing import ResizeMode
from fmtool.data.splitting.loading import Data
from fmtool.errors import DataError
from fmtool.export.metadata import Metadata

_BASES = 3
"""Test samples that others are made of."""
_MAX_SIDE, _MAX_REPEATED = 512, 160
"""Sides of these, as they are and repeated: more is cut off, so that bundles stay small."""
_MODES = {1: "L", 3: "RGB"}
_MAXIMUM = 255
RESIZED = "resized.npy"


def write(data: Data, originals: Sequence[Any], folder: Path, metadata: Metadata) -> list[Path]:
    """Files of pictures, and RESIZED: what the run's own preprocessing makes of each, in order.

    Args:
        originals: (height, width, channels) test samples as they are on disk; none where the data
            set has no files, so that samples of the trained size take their place.
        folder: is made.
    """
    from PIL import Image

    folder.mkdir()
    test = data.splits.test
    bases = originals or [np.asarray(test.array[int(row)]) for row in rows_of(len(test))]
    height, width, channels = metadata.trained_shape
    mode: ResizeMode = metadata.preprocessing["resize_mode"]
    paths, found = [], []
    for number, base in enumerate(bases):
        for name, pixels in _variants(base, (height, width)):
            # Where 8-bit pictures mean something else, or have other channels, arrays are given.
            is_deep = isinstance(metadata.preprocessing.get("levels"), list)
            is_picture = metadata.input.maximum == _MAXIMUM and channels in _MODES and not is_deep
            path = folder / f"{number}-{name}{'.png' if is_picture else '.npy'}"
            if is_picture:
                Image.fromarray(_flat(pixels)).save(path)
            else:
                np.save(path, pixels)
            paths.append(path)
            found.append(_resized(read(path), (height, width), mode))
    np.save(folder / RESIZED, np.stack(found))
    return paths


def rows_of(count: int) -> NDArray[np.int64]:
    """The test samples that pictures are made of, of `count`: spread over all of them."""
    return np.linspace(0, count - 1, min(_BASES, count), dtype=np.int64)


def read(path: Path) -> NDArray[np.uint8]:
    """The pixels (height, width, channels) in a file of `write`; DataError if it is damaged."""
    from PIL import Image

    try:
        if path.suffix == ".npy":
            pixels = np.load(path, allow_pickle=False)
        else:
            with Image.open(path, formats=("PNG",)) as picture:
                pixels = np.asarray(picture)
        height, width, *rest = pixels.shape
        return np.asarray(pixels.reshape(height, width, *(rest or [1])), np.uint8)
    # Readers raise anything for damaged bytes.
    except Exception as error:
        raise DataError(f"{path.name} cannot be read: {str(error)[:120]}") from error


def answers(model: Any, paths: Sequence[Path]) -> Iterator[Mapping[str, NDArray[Any]]]:
    """The outputs of a runtime for each picture alone, since each may have a size of its own."""
    return (model(read(path)[np.newaxis]) for path in paths)


def _variants(
    base: NDArray[np.uint8], size: tuple[int, int]
) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Larger and smaller than `size`, wide, tall, and as it is; repeated, not stretched, so that
    details stay as fine as they are.
    """
    yield "own", base[:_MAX_SIDE, :_MAX_SIDE]
    base = base[:_MAX_REPEATED, :_MAX_REPEATED]
    height, width = base.shape[:2]
    yield "larger", np.tile(base, (2, 2, 1))[: max(1, 2 * height - 3), : max(1, 2 * width - 1)]
    yield "smaller", base[: max(1, size[0] // 2 + 1), : max(1, size[1] // 2)]
    yield "wide", np.tile(base, (1, 3, 1))
    yield "tall", np.tile(base, (3, 1, 1))


def _resized(
    pixels: NDArray[np.uint8], size: tuple[int, int], mode: ResizeMode
) -> NDArray[np.uint8]:
    """By Pillow, each channel on its own where no mode of it has as many."""
    from PIL import Image

    from fmtool.data.reading.resizing import resized

    if pixels.shape[2] in _MODES:
        found = np.asarray(resized(Image.fromarray(_flat(pixels)), size, mode))
        return found.reshape(*size, -1)
    channels = [
        np.asarray(resized(Image.fromarray(np.ascontiguousarray(channel)), size, mode))
        for channel in np.moveaxis(pixels, -1, 0)
    ]
    return np.stack(channels, axis=-1)


def _flat(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """As Pillow takes them: grey ones have no axis of channels."""
    return np.ascontiguousarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
