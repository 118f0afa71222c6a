"""What the check of a data set finds."""

import numpy as np
import pytest

from fmtool.data.splitting.check import count_classes, find_duplicates, validate_labels
from fmtool.errors import DataError


@pytest.mark.parametrize("label", [99, -1])
def test_a_label_out_of_range_is_named_with_its_row(label):
    labels = np.array([0, 9, 3, 4, 5, label, 99], np.int32)
    with pytest.raises(DataError, match=f"label {label} at row 5 of train; classes 0-9"):
        validate_labels(labels, num_classes=10, split="train")


@pytest.mark.parametrize("labels", [np.zeros(3), np.zeros((3, 1), np.int32)], ids=["float", "2-d"])
def test_labels_of_another_type_or_shape_are_refused(labels):
    with pytest.raises(DataError, match="expected integers of shape"):
        validate_labels(labels, num_classes=10, split="train")


def test_labels_in_range_pass():
    validate_labels(np.arange(10, dtype=np.uint8), num_classes=10, split="train")


def test_classes_without_a_sample_are_counted_as_zero():
    assert count_classes(np.array([0, 2, 2], np.int32), num_classes=4) == [1, 0, 2, 0]


def test_duplicates_are_counted_within_and_between_splits():
    image = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    train = np.stack([image, image + 1, image, image])
    test = np.stack([image + 1, image + 2, image + 2])
    found = find_duplicates(train, test)
    assert (found.train, found.test, found.across) == (2, 1, 1)
    found = find_duplicates(np.stack([image] * 3 + [image + 1] * 2), test)
    assert (found.train, found.test, found.across) == (3, 1, 1)
