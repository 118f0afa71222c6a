"""Batches come in order, ahead of their use by a few and no more, and leave no thread behind."""

import threading
import time

import numpy as np
import pytest

from fmtool.data.samples import read_ahead as module
from fmtool.data.samples.images import ReadImages
from fmtool.data.samples.read_ahead import read_ahead, read_all, read_blocks
from fmtool.errors import DataError

PIXELS = np.random.default_rng(0).integers(0, 256, (100, 4, 4, 1), dtype=np.uint8)


class Slow(ReadImages):
    """`PIXELS`: the earlier a row, the longer it takes. Counts the rows that were begun."""

    def __init__(self, bad=None):
        super().__init__(PIXELS.shape)
        self.begun, self._bad = 0, bad

    def read(self, rows):
        self.begun += len(rows)
        time.sleep((100 - rows[0]) / 2e4)
        if self._bad in rows:
            raise DataError(f"row {self._bad}", fix="none")
        return PIXELS[rows]


def batches(size=10):
    return [np.arange(start, start + size) for start in range(0, 100, size)]


def threads():
    return [each for each in threading.enumerate() if each.name.startswith("images")]


@pytest.mark.parametrize("workers", [1, 3, 16])
def test_batches_come_in_order_whatever_thread_is_first(workers):
    rows = np.random.default_rng(1).permutation(100)
    wanted = [rows[start : start + 7] for start in range(0, 100, 7)]
    read = list(read_ahead(Slow(), wanted, workers=workers))
    for pixels, each in zip(read, wanted, strict=True):
        np.testing.assert_array_equal(pixels, PIXELS[each])


def test_no_more_than_two_batches_are_read_ahead():
    images = Slow()
    reading = read_ahead(images, batches(), workers=2)
    for taken in range(1, 6):
        next(reading)
        time.sleep(0.05)
        assert images.begun <= 10 * (taken + 2)
    reading.close()


def test_batches_are_read_before_they_are_asked_for():
    images = Slow()
    reading = read_ahead(images, batches(), workers=2)
    next(reading)
    deadline = time.monotonic() + 5
    while images.begun < 30 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert images.begun == 30
    reading.close()


def test_an_error_comes_in_the_place_of_its_batch():
    reading = read_ahead(Slow(bad=35), batches(), workers=4)
    assert [next(reading)[0, 0, 0, 0] for _ in range(3)] == PIXELS[[0, 10, 20], 0, 0, 0].tolist()
    with pytest.raises(DataError, match="row 35"):
        next(reading)
    assert not threads()


@pytest.mark.parametrize("taken", [1, 10])
def test_the_threads_end_with_the_reading(taken):
    reading = read_ahead(Slow(), batches(), workers=2)
    for _ in range(taken):
        next(reading)
    assert threads()
    reading.close()
    assert not threads()


@pytest.mark.parametrize("multiple", [1, 8, 64])
def test_blocks_hold_every_row_once_in_multiples(multiple, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_BYTES", 16 * 20)
    blocks = list(read_blocks(PIXELS, multiple_of=multiple))
    assert {len(block) for block in blocks[:-1]} == {max(multiple, 20 // multiple * multiple)}
    np.testing.assert_array_equal(np.concatenate(blocks), PIXELS)


def test_read_all_gives_one_array(monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_BYTES", 16 * 30)
    np.testing.assert_array_equal(read_all(Slow()), PIXELS)
