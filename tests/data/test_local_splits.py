"""Samples that are read on access: the same digest, and the same values where they are held."""

import numpy as np

from fmtool.data.samples.images import ReadImages, is_in_memory
from fmtool.data.splitting.local_splits import to_splits
from fmtool.data.splitting.splits import Split
from fmtool.elements import Pixels
from fmtool.targets import Label

SIDE = 2048
LABELS = np.arange(10, dtype=np.int32) % 2


class Plain(ReadImages):
    """Pictures of one grey each, its number: four of them are as large as a block that is read."""

    def __init__(self):
        super().__init__((len(LABELS), SIDE, SIDE, 1))

    def read(self, rows):
        return np.repeat(rows.astype(np.uint8), SIDE * SIDE).reshape(len(rows), *self.shape[1:])


def test_pictures_are_the_same_in_memory_and_where_they_lie(option):
    def splits(is_held):
        return to_splits(
            option("image_folder", path="x"),
            Label(("a", "b")),
            {"train": Split(Plain(), LABELS)},
            element=Pixels((SIDE, SIDE, 1)),
            origin="x",
            is_held=is_held,
        )

    held, left = splits(True), splits(False)
    assert (is_in_memory(held.train.x), is_in_memory(left.train.x)) == (True, False)
    assert held.digest == left.digest
    assert held.train.x[:, 5, 7, 0].tolist() == left.train.x[:][:, 5, 7, 0].tolist()
    assert len({*held.train.x[:, 0, 0, 0], *held.test.x[:][:, 0, 0, 0]}) == len(LABELS)
