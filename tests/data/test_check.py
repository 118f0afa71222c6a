"""What the check of a data set finds."""

import numpy as np

from fmtool.data.splitting.check import find_duplicates


def test_duplicates_are_counted_within_and_between_splits():
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    train = np.stack([image, image + 1, image, image])
    test = np.stack([image + 1, image + 2, image + 2])
    found = find_duplicates(train, test)
    assert (found.train, found.test, found.across) == (2, 1, 1)
    found = find_duplicates(np.stack([image] * 3 + [image + 1] * 2), test)
    assert (found.train, found.test, found.across) == (3, 1, 1)
