"""Samples on the device: what is known of them before they are read, and what they are then."""

import threading

import keras
import numpy as np
import pytest

from fmtool.data.samples.images import ReadImages
from fmtool.data.splitting.splits import Split
from fmtool.training.step import table as table_of_samples
from fmtool.training.step.table import Table, to_device

PIXELS = np.random.default_rng(0).integers(0, 256, (70, 5, 4, 3), dtype=np.uint8)
LABELS = np.arange(70, dtype=np.int32) % 7


class Counted(ReadImages):
    """Notes which rows are read, and in which threads."""

    def __init__(self):
        super().__init__(PIXELS.shape)
        self.rows, self.threads = [], set()

    def read(self, rows):
        self.rows += rows.tolist()
        self.threads.add(threading.get_ident())
        return PIXELS[rows]


def test_shapes_and_dtypes_are_known_before_anything_is_read():
    images = Counted()
    table = Table(Split(images, LABELS))
    specs = table.specs()
    assert images.rows == []
    found = tuple(
        (tuple(each.shape), keras.backend.standardize_dtype(each.dtype)) for each in table.arrays()
    )
    assert found == specs == (((70, 5, 4, 3), "uint8"), ((70,), "int32"))


def test_pictures_are_read_once_and_not_by_the_calling_thread():
    images = Counted()
    table = to_device(Split(images, LABELS))
    assert sorted(images.rows) == list(range(70))
    assert threading.get_ident() not in images.threads
    samples, labels = map(keras.ops.convert_to_numpy, table.arrays())
    np.testing.assert_array_equal(samples, PIXELS)
    np.testing.assert_array_equal(labels, LABELS)
    assert len(images.rows) == 70


def test_a_mapped_file_is_not_read_into_memory_first(tmp_path, monkeypatch):
    np.save(tmp_path / "x.npy", PIXELS)
    monkeypatch.setattr(table_of_samples, "read_all", None)
    images = np.load(tmp_path / "x.npy", mmap_mode="r")
    samples, _ = to_device(Split(images, LABELS)).arrays()
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(samples), PIXELS)


@pytest.mark.parametrize("dtype", ["float32", "uint8", "int32"])
def test_samples_and_targets_keep_their_dtypes(dtype):
    rows = np.linspace(0, 1, 12, dtype=np.float32).reshape(4, 3)
    y = np.arange(8).reshape(4, 2).astype(dtype)
    table = to_device(Split(rows, y))
    for found, expected in zip(table.arrays(), (rows, y), strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(found), expected)
        assert keras.backend.standardize_dtype(found.dtype) == str(expected.dtype)
    assert table.specs() == (((4, 3), "float32"), ((4, 2), dtype))
