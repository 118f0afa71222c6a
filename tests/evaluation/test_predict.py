"""Batches of one shape, each sample's logits in its own row."""

from types import SimpleNamespace

import numpy as np
import pytest

from fmtool.data.samples.images import ChosenImages
from fmtool.data.splitting.splits import Split
from fmtool.evaluation.measure import kept_outputs, measure, predict
from fmtool.tasks.shared.reporting import Report, Reporting


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
    logits = np.concatenate(list(predict(model, images, batch_size=batch_size)))
    assert model.sizes == sizes
    assert logits[:, 0].tolist() == list(range(11))


def test_images_that_are_read_on_access_stay_in_order(model, images):
    reversed_rows = ChosenImages(images, np.arange(10, -1, -1))
    logits = np.concatenate(list(predict(model, reversed_rows, batch_size=4)))
    assert logits[:, 0].tolist() == list(range(10, -1, -1))


def test_no_images_have_no_logits(model, images):
    assert list(predict(model, images[:0], batch_size=4)) == []


def test_where_batches_overlap_a_sample_counts_once_and_as_the_later_one_sees_it(model, images):
    logits = np.concatenate(list(predict(model, images, batch_size=4)))
    assert logits[:, 1].tolist() == [1] * 4 + [2] * 3 + [3] * 4


def test_a_watcher_sees_the_outputs_and_the_targets_that_are_measured(model, images):
    class Sums(Reporting):
        output_shape = (2,)

        def meter(self):
            return self

        def add(self, outputs, y):
            assert outputs[:, 0].tolist() == y.tolist()
            seen.append(len(y))

        def report(self):
            return Report(sum(seen), {})

    seen, watched, split = [], [], Split(images, np.arange(11))

    def watch(outputs, y):
        watched.append(y)

    measured = measure(model, split, Sums(None), batch_size=4, tta="none", watcher=watch)
    assert measured.report.samples == 11
    assert seen == [4, 3, 4]
    assert np.concatenate(watched).tolist() == list(range(11))


def test_what_is_kept_together_is_spread_evenly_where_it_is_too_much(model, images, monkeypatch):
    split = Split(images, 10 * np.arange(11))
    outputs, y = kept_outputs(model, split, batch_size=4, tta="none")
    assert y.tolist() == split.y.tolist()
    monkeypatch.setattr("fmtool.evaluation.measure.MAX_KEPT_BYTES", 4 * outputs[0].nbytes)
    some, y = kept_outputs(model, split, batch_size=4, tta="none")
    assert y.tolist() == [0, 30, 60, 90]
    assert some[:, 0].tolist() == [0, 3, 6, 9]
