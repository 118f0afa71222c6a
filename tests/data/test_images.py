"""Images that are read on access are indexed like arrays, and read no more than is asked for."""

import numpy as np
import pytest

from fmtool.data.samples.images import ChosenImages, ReadImages, choose, is_in_memory, join
from fmtool.data.splitting.splits import Split

PIXELS = np.arange(7 * 2 * 3 * 1, dtype=np.uint8).reshape(7, 2, 3, 1)
LABELS = np.arange(7, dtype=np.int32)


class Elsewhere(ReadImages):
    """`PIXELS`, with every row that was read."""

    def __init__(self):
        super().__init__(PIXELS.shape)
        self.rows = []

    def read(self, rows):
        self.rows += rows.tolist()
        return PIXELS[rows]


@pytest.mark.parametrize(
    "rows",
    [0, -1, np.int32(3), slice(None), slice(2, 5), slice(None, None, -2), [5, 0, 5], []],
    ids=str,
)
def test_what_is_read_is_indexed_like_an_array(rows):
    rows = np.array(rows, np.int32) if isinstance(rows, list) else rows
    read = Elsewhere()[rows]
    np.testing.assert_array_equal(read, PIXELS[rows])
    assert (read.dtype, read.shape) == (np.uint8, PIXELS[rows].shape)


def test_a_row_that_is_not_there_is_an_index_error():
    with pytest.raises(IndexError):
        Elsewhere()[7]


def test_shape_and_length_are_known_without_reading():
    images = Elsewhere()
    assert (images.shape, len(images), images.dtype) == (PIXELS.shape, 7, np.uint8)
    assert not images.rows


def test_numpy_makes_an_array_of_it():
    np.testing.assert_array_equal(np.asarray(Elsewhere()), PIXELS)


def test_rows_of_a_split_that_is_read_are_read_when_they_are_asked_for():
    images = Elsewhere()
    part = Split(images, LABELS).take(np.array([6, 2, 4]))
    assert not images.rows
    np.testing.assert_array_equal(part.x[1:], PIXELS[[2, 4]])
    assert images.rows == [2, 4]
    assert part.y.tolist() == [6, 2, 4]


def test_rows_of_chosen_rows_are_rows_of_the_images():
    chosen = ChosenImages(ChosenImages(PIXELS, np.array([6, 5, 4, 3])), np.array([3, 0]))
    np.testing.assert_array_equal(chosen[:], PIXELS[[3, 6]])


def test_what_is_in_memory_is_chosen_into_memory_and_a_map_is_not(tmp_path):
    np.save(tmp_path / "x.npy", PIXELS)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    rows = np.array([1, 3])
    assert [is_in_memory(choose(each, rows)) for each in (PIXELS, mapped)] == [True, False]
    np.testing.assert_array_equal(choose(mapped, rows)[:], PIXELS[rows])


@pytest.mark.parametrize("rows", [slice(None), slice(5, 9), [13, 0, 7, 7, 6], []], ids=str)
def test_what_is_joined_is_the_rows_of_all_wherever_they_lie(rows):
    whole = np.concatenate([PIXELS, PIXELS + 100])
    rows = np.array(rows, np.int32) if isinstance(rows, list) else rows
    held, read = join([PIXELS, PIXELS + 100]), join([Elsewhere(), PIXELS + 100])
    assert (is_in_memory(held), is_in_memory(read)) == (True, False)
    for each in (held, read):
        np.testing.assert_array_equal(each[rows], whole[rows])
        assert (each.dtype, each.shape) == (np.uint8, whole.shape)


def test_samples_keep_their_names_when_some_are_taken():
    split = Split(PIXELS, LABELS)
    assert split.take(np.array([4, 2])).take(np.array([1])).sample_names.tolist() == [2]
    named = Split(PIXELS, LABELS, np.array(list("abcdefg"), object))
    assert named.take(np.array([4, 2])).sample_names.tolist() == ["e", "c"]
