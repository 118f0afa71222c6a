"""Batches of one shape, each sample's logits in its own row."""

from types import SimpleNamespace

import numpy as np
import pytest

from fmtool.data.samples.images import ChosenImages
from fmtool.evaluation.measure import predict


class Recorder(SimpleNamespace):
    """A model of two logits: the sum of an image, and the number of the batch it came in."""

    output_shape = (None, 2)

    def predict_on_batch(self, batch):
        self.sizes.append(len(batch))
        sums = batch.sum(axis=(1, 2, 3))
        return np.stack([sums, np.full(len(batch), len(self.sizes))], axis=1)


@pytest.fixture
def model():
    return Recorder(sizes=[])


@pytest.fixture
def images():
    return np.arange(11, dtype=np.uint8).reshape(11, 1, 1, 1)


@pytest.mark.parametrize(
    ("batch_size", "sizes"), [(11, [11]), (500, [11]), (10, [6, 6]), (4, [4, 4, 4]), (1, [1] * 11)]
)
def test_every_batch_has_the_same_size(model, images, batch_size, sizes):
    logits = predict(model, images, batch_size=batch_size)
    assert model.sizes == sizes
    assert logits[:, 0].tolist() == list(range(11))


def test_images_that_are_read_on_access_stay_in_order(model, images):
    reversed_rows = ChosenImages(images, np.arange(10, -1, -1))
    logits = predict(model, reversed_rows, batch_size=4)
    assert logits[:, 0].tolist() == list(range(10, -1, -1))


def test_no_images_have_no_logits(model, images):
    assert predict(model, images[:0], batch_size=4).shape == (0, 2)
