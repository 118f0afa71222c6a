"""The four arrays of a data set on their way to `Splits`, and the digests that identify them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.base import SetInfo
from fmtool.data.samples import strings
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Pixels
from fmtool.errors import DataError

ARRAY_NAMES = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class Arrays:
    """Images (n, height, width, channels), or texts as `strings.pack` gives them, and the rows of
    a target that is made of classes.

    Samples are uint8.
    """

    x_train: NDArray[np.uint8]
    y_train: NDArray[Any]
    x_test: NDArray[np.uint8]
    y_test: NDArray[Any]

    def named(self) -> dict[str, NDArray[Any]]:
        return {name: getattr(self, name) for name in ARRAY_NAMES}

    def digests(self) -> dict[str, str]:
        """Hex SHA-256 of each array in C order; of labels as uint8, as official files hold them."""
        return {
            name: _sha256(array.astype(np.uint8, "C", copy=False))
            for name, array in self.named().items()
        }

    def to_splits(self, info: SetInfo, digests: Mapping[str, str]) -> Splits:
        shape = info.image_shape
        x_train, x_test = (
            strings.unpack(x) if shape is None else x for x in (self.x_train, self.x_test)
        )
        return Splits(
            name=info.name,
            train=Split(x_train, self.y_train),
            test=Split(x_test, self.y_test),
            target=info.target,
            digest=content_digest(digests),
            element=strings.NOT_TOKENIZED if shape is None else Pixels(shape, info.pixel_max),
        )


def content_digest(digests: Mapping[str, str]) -> str:
    """One hex SHA-256 for the whole set, from those of its arrays."""
    lines = "".join(f"{name} {digests[name]}\n" for name in ARRAY_NAMES)
    return hashlib.sha256(lines.encode()).hexdigest()


def verify(
    arrays: Arrays, info: SetInfo, *, origin: str, fix: str, expected: Mapping[str, str] | None
) -> dict[str, str]:
    """The digests of `arrays`; DataError unless shapes, types, labels and digests are as declared.

    Args:
        origin: the file or folder the arrays came from, for the message.
        fix: how to get rid of what is wrong there.
        expected: the digests to find; None to find none in particular.
    """
    sizes = {"train": info.train_size, "test": info.test_size}
    for name, array in arrays.named().items():
        size = sizes[name[2:]]
        if name[0] == "x" and info.image_shape is None:
            if array.dtype != np.uint8 or not strings.is_packed(array, size):
                raise DataError(f"{origin}: {name} is not {size:,} texts", fix=fix)
            continue
        shape, dtype = (
            ((size, *(info.image_shape or ())), "uint8")
            if name[0] == "x"
            else ((size, *info.target.shape), info.target.dtype)
        )
        if (array.shape, array.dtype) != (shape, np.dtype(dtype)):
            raise DataError(
                f"{origin}: {name} is {array.dtype} {array.shape}, expected {dtype} {shape}",
                fix=fix,
            )
    for split, labels in (("train", arrays.y_train), ("test", arrays.y_test)):
        info.target.check(labels, split=f"{origin}, {split}")
    found = arrays.digests()
    for name, digest in (expected or {}).items():
        if found[name] != digest:
            raise DataError(
                f"{origin}: {name} has SHA-256 {found[name][:12]}, expected {digest[:12]}", fix=fix
            )
    return found


def _sha256(array: NDArray[np.uint8]) -> str:
    return hashlib.sha256(array.reshape(-1).data).hexdigest()
