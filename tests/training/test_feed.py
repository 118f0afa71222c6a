"""How many steps and samples an epoch has, and which samples a batch holds."""

import threading

import numpy as np
import pytest

from fmtool.data.samples.images import ChosenImages, ReadImages
from fmtool.data.splitting.splits import Split
from fmtool.errors import DataError
from fmtool.training.step import order
from fmtool.training.step.feed import feed, sample_feed
from fmtool.training.step.plan import BatchPlan

PIXELS = np.random.default_rng(0).integers(0, 256, (40, 3, 2, 1), dtype=np.uint8)
LABELS = np.arange(40, dtype=np.int32) % 7
HOST = Split(PIXELS, LABELS)
STREAM = Split(ChosenImages(PIXELS, np.arange(40)), LABELS)


class Broken(ReadImages):
    """`PIXELS`, one of which cannot be read."""

    def read(self, rows):
        if 20 in rows:
            raise DataError("picture 20 is gone", fix="restore it")
        return PIXELS[rows]


def threads():
    return [each for each in threading.enumerate() if each.name.startswith("images")]


def rows(count):
    return np.arange(count, dtype=np.int32) + 7


def batches_of(plan, start=0):
    """The rows and draws of each step from `start` on."""
    slices = [plan.batch(number) for number in range(start, plan.steps)]
    return [tuple(each[where] for each in plan.arrays()) for where in slices]


@pytest.mark.parametrize(
    ("count", "batch_size", "shuffles", "steps", "samples"),
    [
        (100, 25, True, 4, 100),
        (100, 30, True, 3, 90),
        (100, 30, False, 4, 100),
        (100, 25, False, 4, 100),
        (10, 64, True, 1, 10),
        (10, 64, False, 1, 10),
    ],
)
def test_steps_and_samples_of_an_epoch(count, batch_size, shuffles, steps, samples):
    plan = BatchPlan(rows(count), batch_size, shuffles=shuffles)
    assert (plan.steps, plan.samples) == (steps, samples)
    assert len(plan.arrays()[0]) == samples


def test_other_samples_are_left_out_in_each_epoch():
    plan = BatchPlan(rows(10), 4, shuffles=True)
    left_out = set()
    for epoch in range(20):
        plan.epoch = epoch
        seen, _ = plan.arrays()
        assert len(set(seen.tolist())) == 8
        left_out |= set(plan.indices.tolist()) - set(seen.tolist())
    assert left_out == set(plan.indices.tolist())


def test_without_shuffling_the_order_stays():
    plan = BatchPlan(rows(5), 2)
    plan.epoch = 3
    assert plan.arrays()[0].tolist() == [7, 8, 9, 10, 11]


def test_setting_the_epoch_is_what_changes_the_arrays():
    plan = BatchPlan(rows(50), 10, draws=2, shuffles=True)
    first, draws = plan.arrays()
    assert plan.arrays()[0] is first
    assert draws.shape == (50, 2)
    plan.epoch = 1
    assert not np.array_equal(plan.arrays()[0], first)
    plan.epoch = 0
    assert np.array_equal(plan.arrays()[0], first)


@pytest.mark.parametrize("start", [0, 2])
def test_the_device_is_given_the_numbers_of_the_steps_that_are_left(start):
    plan = BatchPlan(rows(23), 5, shuffles=True)
    numbers = feed(plan, start=start)
    assert [int(number) for (number,) in numbers] == list(range(start, 4))
    assert len(numbers) == 4 - start


def test_the_last_batch_of_a_validation_is_ragged():
    assert [len(numbers) for numbers, _ in batches_of(BatchPlan(rows(7), 3))] == [3, 3, 1]


@pytest.mark.parametrize("start", [0, 2])
@pytest.mark.parametrize("shuffles", [True, False])
@pytest.mark.parametrize("split", [HOST, STREAM], ids=["host", "stream"])
def test_samples_are_those_whose_numbers_the_device_is_given(split, shuffles, start):
    plan = BatchPlan(rows(23), 5, seed=3, draws=2, shuffles=shuffles)
    with sample_feed(plan, split, start=start) as batches:
        for plan.epoch in range(2):
            wanted = batches_of(plan, start)
            for samples, (indices, draws) in zip(batches, wanted, strict=True):
                images, labels, uniforms = map(np.asarray, samples)
                assert np.array_equal(images, PIXELS[indices])
                assert np.array_equal(labels, LABELS[indices])
                assert np.array_equal(uniforms, draws)
                assert (images.dtype, labels.dtype) == (np.uint8, np.int32)


def test_the_length_of_the_samples_is_known():
    with sample_feed(BatchPlan(rows(23), 5, shuffles=True), STREAM, start=1) as batches:
        assert len(batches) == 3


def test_an_epoch_that_ends_early_leaves_the_next_one_whole():
    plan = BatchPlan(rows(30), 5, shuffles=True)
    with sample_feed(plan, STREAM) as batches:
        iterator = iter(batches)
        next(iterator)
        next(iterator)
        plan.epoch = 1
        labels = [np.asarray(batch[1]) for batch in batches]
    assert np.array_equal(np.concatenate(labels), LABELS[plan.arrays()[0]])


def test_the_threads_end_with_the_feed():
    with sample_feed(BatchPlan(rows(30), 5), STREAM, workers=3) as batches:
        next(iter(batches))
        assert threads()
    assert not threads()


def test_no_thread_tunes_a_pipeline():
    # The end of an iterator waits for it, up to a minute.
    plan = BatchPlan(rows(30), 5)
    with sample_feed(plan, STREAM) as samples:
        for each in (feed(plan), samples):
            assert each.options().autotune.enabled is False


def test_the_error_of_a_reader_is_raised_by_the_training():
    import keras

    network = keras.Sequential(
        [keras.Input(PIXELS.shape[1:]), keras.layers.Flatten(), keras.layers.Dense(7)]
    )
    network.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    plan = BatchPlan(rows(30), 5, shuffles=True)
    broken = Split(Broken(PIXELS.shape), LABELS)
    with pytest.raises(DataError) as caught, sample_feed(plan, broken) as batches:
        network.fit(batches.map(lambda x, y, _: (x, y)), shuffle=False, verbose=0)
    assert str(caught.value) == "picture 20 is gone; fix: restore it"
    assert not threads()


def test_other_errors_than_those_of_readers_are_left_alone():
    def train(batches):
        next(iter(batches))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), sample_feed(BatchPlan(rows(30), 5), STREAM) as batches:
        train(batches)
    assert not threads()


def test_coins_that_alternate_take_the_place_of_the_first_uniform():
    plain = BatchPlan(rows(23), 5, seed=3, draws=2, shuffles=True, epoch=4)
    plan = BatchPlan(rows(23), 5, seed=3, draws=2, shuffles=True, epoch=4, alternates=True)
    (numbers, draws), (_, uniforms) = plan.arrays(), plain.arrays()
    assert np.array_equal(draws[:, 0], order.flip_coins(numbers, seed=3, epoch=4))
    assert np.array_equal(draws[:, 1], uniforms[:, 1])


ELSEWHERE = """
import sys
# As `backend.select` does it: Keras would import TensorFlow for nothing.
sys.modules["tensorflow"] = None
import numpy as np
import keras
from fmtool.data.samples.images import ChosenImages, ReadImages
from fmtool.data.splitting.splits import Split
from fmtool.errors import DataError
from fmtool.training.step.feed import sample_feed
from fmtool.training.step.plan import BatchPlan

pixels = np.random.default_rng(0).integers(0, 256, (40, 3, 2, 1), dtype=np.uint8)
split = Split(ChosenImages(pixels, np.arange(40)), np.arange(40, dtype=np.int32) % 7)
plan = BatchPlan(np.arange(7, 37, dtype=np.int32), 7, draws=2, shuffles=True)

class Model(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(7)

    def call(self, images):
        return self.dense(keras.ops.reshape(images, (-1, 6)))

    def train_step(self, *arguments):
        *state, (images, labels, _) = arguments
        assert images.shape == (7, 3, 2, 1)
        return super().train_step(*state, (images, labels))

    def _symbolic_build(self, iterator=None, data_batch=None):
        build = keras.ops.convert_to_tensor
        super()._symbolic_build(data_batch=(build(pixels[:1]), build(split.y[:1])))

class Broken(ReadImages):
    def read(self, rows):
        raise DataError("gone", fix="restore it")

model = Model()
model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
with sample_feed(plan, split, start=1) as samples:
    for plan.epoch in range(2):
        numbers = [tuple(a[plan.batch(n)] for a in plan.arrays()) for n in range(1, plan.steps)]
        assert len(samples) == len(numbers) == 3
        for (images, labels, draws), (rows, uniforms) in zip(samples, numbers):
            assert np.array_equal(images, pixels[rows])
            assert np.array_equal(labels, split.y[rows])
            assert np.array_equal(draws, uniforms)
    print(len(model.fit(samples, epochs=2, shuffle=False, verbose=0).history["loss"]))
try:
    with sample_feed(plan, Split(Broken(pixels.shape), split.y)) as samples:
        model.fit(samples, shuffle=False, verbose=0)
except DataError as error:
    print(error)
"""


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_other_backends_are_fed_the_same_samples(fmtool, backend):
    pytest.importorskip(backend)
    outcome = fmtool.forked_python(backend, ELSEWHERE)
    assert outcome.out == "2\ngone; fix: restore it\n", outcome.err
