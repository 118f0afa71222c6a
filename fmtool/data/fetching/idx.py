"""The idx format of MNIST and Fashion-MNIST: big-endian header, then uint8 values in C order.

Source: the description on the MNIST page, http://yann.lecun.com/exdb/mnist/.
"""

import math
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fmtool.data.fetching.archives import gunzip
from fmtool.data.fetching.download import RemoteFile
from fmtool.data.fetching.four_arrays import Arrays
from fmtool.errors import DataError

FILES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
MAX_BYTES = 16 + 60_000 * 28 * 28
_UINT8 = 8


def remote_files(
    files: Mapping[str, tuple[int, str]], places: tuple[str, ...]
) -> tuple[RemoteFile, ...]:
    """From size in bytes and hex SHA-256 by name, and addresses that end in a slash, best first."""
    return tuple(
        RemoteFile(name, tuple(place + name for place in places), size, sha256)
        for name, (size, sha256) in files.items()
    )


def read_folder(folder: Path) -> Arrays | None:
    """The four files in `folder`, plain or as .gz; None unless all four are there."""
    found = {name: _find(folder, name) for name in FILES.values()}
    paths = {name: path for name, path in found.items() if path is not None}
    if len(paths) < len(FILES):
        return None
    return to_arrays(lambda name: _content(paths[name]), origin=str(folder))


def to_arrays(content_of: Callable[[str], bytes], *, origin: str) -> Arrays:
    """Images and labels from `content_of(file name)`; images get a channel axis of 1."""
    decoded = {
        array: decode(content_of(name), origin=f"{origin}, {name}") for array, name in FILES.items()
    }
    return Arrays(
        x_train=decoded["x_train"][..., np.newaxis],
        y_train=decoded["y_train"].astype(np.int32),
        x_test=decoded["x_test"][..., np.newaxis],
        y_test=decoded["y_test"].astype(np.int32),
    )


def decode(content: bytes, *, origin: str) -> NDArray[np.uint8]:
    """The array in an idx file; DataError if `content` is not one of uint8 values."""
    fix = "delete the file and fetch it again"
    if len(content) < 4 or content[:3] != bytes((0, 0, _UINT8)):
        raise DataError(f"{origin} is not an idx file of bytes", fix=fix)
    axes = content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise DataError(f"{origin} ends within its header", fix=fix)
    shape = struct.unpack(f">{axes}I", content[4:start])
    values = np.frombuffer(content, np.uint8, offset=start)
    if values.size != math.prod(shape):
        raise DataError(f"{origin} holds {values.size:,} values, its header says {shape}", fix=fix)
    return values.reshape(shape)


def _find(folder: Path, name: str) -> Path | None:
    candidates = (folder / name, folder / f"{name}.gz")
    return next((path for path in candidates if path.is_file()), None)


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES)
    return gunzip(content, MAX_BYTES, origin=str(path)) if path.suffix == ".gz" else content
