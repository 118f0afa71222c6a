"""Pairs of handwritten digits, 8x16 pixels, and the digits that are on each."""

from typing import TYPE_CHECKING, Any, Literal

from fmtool.data import digits
from fmtool.data.base import DataConfig, SetInfo
from fmtool.targets import Labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fmtool.data.splitting.splits import Split, Splits


class Config(DataConfig):
    name: Literal["digit_pairs"]


INFO = SetInfo(
    name="digit_pairs",
    title="Pairs of handwritten digits, each with the digits that are on it",
    licence=digits.INFO.licence,
    citation=digits.INFO.citation,
    homepage=digits.INFO.homepage,
    target=Labels(tuple("0123456789")),
    image_shape=(8, 16, 1),
    train_size=4326,
    test_size=1065,
    download_bytes=0,
    digests={
        "x_train": "3fb22dbd9781972a21ff27e016c13e65faae53df8e56d30c0d250f1ab78ec01d",
        "y_train": "bb32bbf769977435f492e83b216f2df04eabcb7cd421d0747335a882722fbabd",
        "x_test": "78dc6463f19a6607996e65b2825babedd84d480ff8d7edb2d4674490074d6d14",
        "y_test": "fade9575544e6c6a6cd9975976085948cacfc599cc1c0500eff7251cd26a3778",
    },
    pixel_max=16,
)

_ROUNDS = 3
_STEP, _OFFSET = 611, 101
"""A digit of place p stands on the left of that of place (611 p + 101 r) mod n, for r = 1, 2, 3.

611 shares no factor with either n, so that each digit is as often on either side.
"""


def load(cfg: Config) -> "Splits":
    """Pairs of training digits to train on, of test digits to test; each digit is in six pairs."""
    from fmtool.data.fetching.four_arrays import Arrays, verify
    from fmtool.data.shipped.reading import REINSTALL

    splits = digits.load(digits.Config.model_construct(name="digits"))
    arrays = Arrays(*_pairs(splits.train), *_pairs(splits.test))
    origin = "pairs of digits"
    found = verify(arrays, INFO, origin=origin, fix=REINSTALL, expected=INFO.digests)
    return arrays.to_splits(INFO, found)


def _pairs(split: "Split") -> "tuple[NDArray[Any], NDArray[Any]]":
    """Images (3 n, 8, 16, 1) and zeros and ones (3 n, 10), both uint8."""
    import numpy as np

    x, places = np.asarray(split.array[:]), np.arange(len(split.y))
    others = [(_STEP * places + _OFFSET * number) % len(places) for number in range(1, _ROUNDS + 1)]
    left, right = np.tile(places, _ROUNDS), np.concatenate(others)
    y = np.zeros((len(left), 10), np.uint8)
    for side in (left, right):
        y[np.arange(len(left)), split.y[side]] = 1
    return np.concatenate([x[left], x[right]], axis=2), y
