"""Normalisation is part of the network and fitted on the training rows alone."""

import numpy as np
import pytest

from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Pixels
from fmtool.targets import Label
from fmtool.training.network import normalization

IMAGES = np.random.default_rng(0).integers(0, 256, (5000, 3, 4, 2), dtype=np.uint8)
IMAGES[..., 1] //= 3


def splits(images=IMAGES, pixel_max=255):
    labels = np.zeros(len(images), np.int32)
    element = Pixels(images.shape[1:], pixel_max)
    return Splits(
        "x", Split(images, labels), Split(images, labels), Label(("a", "b")), "0", element
    )


def test_standardize_equals_numpy_on_the_rows_of_training():
    rows = np.arange(0, 5000, 3, dtype=np.int32)
    scale, offset = normalization("standardize", splits(), rows)
    chosen = IMAGES[rows].astype(np.float64)
    mean, deviation = chosen.mean(axis=(0, 1, 2)), chosen.std(axis=(0, 1, 2))
    np.testing.assert_allclose(scale, 1 / deviation, rtol=1e-12)
    np.testing.assert_allclose(offset, -mean / deviation, rtol=1e-12)


def test_the_order_of_the_rows_changes_no_bit():
    rows = np.arange(5000, dtype=np.int32)
    shuffled = np.random.default_rng(1).permutation(rows)
    assert normalization("standardize", splits(), rows) == normalization(
        "standardize", splits(), shuffled
    )


def test_a_constant_channel_is_only_shifted():
    images = np.full((10, 2, 2, 1), 7, np.uint8)
    scale, offset = normalization("standardize", splits(images), np.arange(10, dtype=np.int32))
    assert (scale, offset) == ([1.0], [-7.0])


@pytest.mark.parametrize(
    ("kind", "pixel_max", "expected"),
    [("none", 255, ([1.0, 1.0], [0.0, 0.0])), ("unit", 16, ([1 / 16] * 2, [0.0, 0.0]))],
)
def test_unit_and_none_look_at_no_pixel(kind, pixel_max, expected):
    nothing = np.array([], dtype=np.int32)
    assert normalization(kind, splits(pixel_max=pixel_max), nothing) == expected
