"""A task that is not built in: what a step makes of its batch, loss, weights and metrics."""

import keras
import numpy as np
import pytest

from fmtool.augment.stages import pipeline
from fmtool.config.compose import compose
from fmtool.data.samples.images import ReadImages
from fmtool.data.splitting.splits import Split
from fmtool.elements import Pixels
from fmtool.optimizers.base import of_every_backend
from fmtool.targets import Numbers
from fmtool.tasks.base import Task
from fmtool.training.step.feed import feed, sample_feed
from fmtool.training.step.indexed_model import IndexedModel, Parts
from fmtool.training.step.plan import BatchPlan, plan_of
from fmtool.training.step.source import DeviceDataset
from fmtool.training.step.table import to_device
from fmtool.validate import train_config

RANDOM = np.random.default_rng(4)
X = RANDOM.integers(0, 256, (22, 2, 2, 1), dtype=np.uint8)
Y = RANDOM.normal(size=(22, 2)).astype(np.float64)
MORE = RANDOM.normal(size=(22, 3)).astype(np.float32)
FLAT = np.concatenate([X.reshape(22, -1) / 255, MORE], axis=1)
RATE, SIZE = 0.25, 4


class Weighted(Task[Numbers]):
    """Squared errors; a sample counts as much as its first number, halved by its uniform."""

    MIXES = True
    draws = 1

    def head(self, representation, hints=None):
        return {"numbers": keras.layers.Dense(2, name="numbers")(representation)}

    def encode(self, y):
        return (y * 2).astype(np.float32)

    def as_weights(self, y):
        return y

    def batch(self, x, y, uniforms, training):
        weights = keras.ops.abs(y[:, 0]) * uniforms[:, 0]
        return x, {"numbers": y}, weights

    def loss(self, y, outputs):
        return keras.ops.sum(keras.ops.square(y["numbers"] - outputs["numbers"]), axis=-1)

    def metrics(self):
        def largest(y, outputs):
            return keras.ops.max(keras.ops.abs(y["numbers"] - outputs["numbers"]), axis=-1)

        return [keras.metrics.MeanMetricWrapper(largest, name="largest")]


class Read(ReadImages):
    """The same samples, read when they are asked for."""

    def __init__(self):
        super().__init__(X.shape)

    def read(self, rows):
        return X[rows]


class OfRecords(Weighted):
    """The same of an image and three numbers, with the targets apart; the network reads both."""

    def encode(self, y):
        first, second = np.split(super().encode(y), 2, axis=1)
        return {"first": first, "others": {"second": second}}

    def batch(self, x, y, uniforms, training):
        y = keras.ops.concatenate([y["first"], y["others"]["second"]], axis=1)
        return super().batch(self.as_input(x), y, uniforms, training)


class OfOneArray(OfRecords):
    """The same, where the network reads one array that both are joined to."""

    def as_input(self, x):
        return joined(x["image"], x["numbers"])


TARGET = Numbers(("a", "b"), (2,))
TASK = Weighted(TARGET)


def joined(images, numbers):
    flat = keras.ops.reshape(keras.ops.cast(images, "float32"), (-1, 4)) / 255
    return keras.ops.concatenate([flat, numbers], axis=1)


def network(task):
    if isinstance(task, OfOneArray):
        inputs = x = keras.Input((7,))
    elif isinstance(task, OfRecords):
        inputs = {"image": keras.Input(X.shape[1:], dtype="uint8"), "numbers": keras.Input((3,))}
        x = joined(inputs["image"], inputs["numbers"])
    else:
        inputs = keras.Input(X.shape[1:], dtype="uint8")
        x = keras.layers.Flatten()(keras.ops.cast(inputs, "float32") / 255)
    outputs = keras.layers.Dense(2, kernel_initializer="ones", name="numbers")(x)
    return keras.Model(inputs, {"numbers": outputs})


def trained(*words, task=TASK, is_read=False, steps=1):
    """What `fit` reports of an epoch with validation, the kernel, and both plans."""
    cfg = train_config(compose("train", ["augment=none", *words])).augment
    augment = pipeline.build(cfg, Pixels(X.shape[1:]), task.as_weights)
    rows = np.arange(12, dtype=np.int32)
    plan = plan_of(rows, SIZE, augment, seed=5, task_draws=task.draws)
    held_out = BatchPlan(np.arange(12, 22, dtype=np.int32), SIZE, seed=5, draws=task.draws)
    images = Read() if is_read else X
    x = {"image": images, "numbers": MORE} if isinstance(task, OfRecords) else images
    split = Split(x, task.encode(Y))
    table = None if is_read else to_device(split)
    sources = [DeviceDataset(each, split, table) for each in (plan, held_out)]
    model = IndexedModel(Parts(network(task), task, *sources, augment))
    sgd = of_every_backend(keras.optimizers.SGD)
    optimizer = sgd(RATE, gradient_accumulation_steps=steps if steps > 1 else None)
    model.compile(optimizer, jit_compile=False)
    if is_read:
        with sample_feed(plan, split) as train, sample_feed(held_out, split) as validation:
            history = model.fit(train, validation_data=validation, shuffle=False, verbose=0)
    else:
        history = model.fit(feed(plan), validation_data=feed(held_out), shuffle=False, verbose=0)
    if keras.backend.backend() == "torch" and steps == 1:
        assert model.train_function._recorded is not None
    kernel, bias = map(keras.ops.convert_to_numpy, model.network.get_layer("numbers").weights)
    return history.history, kernel, bias, plan, held_out


class Reference:
    """The same in NumPy, in float64."""

    def __init__(self, width, steps=1):
        self.kernel, self.bias, self.steps = np.ones((width, 2)), np.zeros(2), steps
        self.gradients = []

    def measured(self, x, y, uniforms):
        """(loss, largest error, gradients) of a batch."""
        flat, weights = x.reshape(len(x), -1), np.abs(y[:, 0]) * uniforms
        error = flat @ self.kernel + self.bias - y
        slope = 2 * weights[:, None] * error / len(x)
        loss = (weights * np.square(error).sum(axis=1)).mean()
        return loss, np.abs(error).max(axis=1).mean(), (flat.T @ slope, slope.sum(axis=0))

    def trained_on(self, *batch):
        loss, largest, gradients = self.measured(*batch)
        self.gradients.append(gradients)
        if len(self.gradients) == self.steps:
            self.kernel -= RATE * np.mean([each for each, _ in self.gradients], axis=0)
            self.bias -= RATE * np.mean([each for _, each in self.gradients], axis=0)
            self.gradients = []
        return loss, largest


def expected(plan, held_out, *, x=FLAT[:, :4], steps=1, mix=None):
    """History, kernel and bias of the reference."""
    reference, y = Reference(x.shape[1], steps), TASK.encode(Y).astype(np.float64)
    rows, draws = plan.arrays()
    trained_on = []
    for step in range(plan.steps):
        batch = rows[plan.batch(step)]
        own = draws[plan.batch(step)]
        samples = x[batch], y[batch]
        if mix is not None:
            samples = mix(*samples, own)
        trained_on.append(reference.trained_on(*samples, own[:, -1]))
    rows, draws = held_out.arrays()
    batches = [held_out.batch(step) for step in range(held_out.steps)]
    found = [reference.measured(x[rows[each]], y[rows[each]], draws[each, 0]) for each in batches]
    counts = [len(rows[each]) for each in batches]
    loss, largest = np.mean(trained_on, axis=0)
    held = [np.average([each[part] for each in found], weights=counts) for part in (0, 1)]
    names = "loss", "largest", "val_loss", "val_largest"
    return dict(zip(names, (loss, largest, *held), strict=True)), reference


def require_equal(found, wanted):
    history, kernel, bias, _, _ = found
    figures, reference = wanted
    assert set(history) == set(figures)
    for name, value in figures.items():
        assert history[name][0] == pytest.approx(value, rel=1e-5), name
    np.testing.assert_allclose(kernel, reference.kernel, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(bias, reference.bias, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("is_read", [False, True], ids=["table", "read"])
def test_steps_are_those_of_a_reference_in_numpy(is_read):
    found = trained(is_read=is_read)
    require_equal(found, expected(*found[3:]))


@pytest.mark.parametrize("is_read", [False, True], ids=["table", "read"])
@pytest.mark.parametrize("kind", [OfRecords, OfOneArray])
def test_steps_of_records_with_trees_of_targets_are_those_of_a_reference_in_numpy(kind, is_read):
    found = trained(task=kind(TARGET), is_read=is_read)
    require_equal(found, expected(*found[3:], x=FLAT))


def test_accumulated_gradients_are_those_of_weighted_samples():
    found = trained(steps=3)
    require_equal(found, expected(*found[3:], steps=3))


def test_mixed_samples_have_mixed_numbers_and_uniforms_of_their_own():
    def mix(x, y, draws):
        # With alpha 1 the share of a sample is its second uniform, as a multiple of 1/256.
        share = np.floor(draws[:, 1] * 256 + 0.5) / 256
        x, images = x * 255, share[:, None]
        x = np.floor(x * images + np.roll(x, 1, axis=0) * (1 - images) + 0.5) / 255
        return x, y * share[:, None] + np.roll(y, 1, axis=0) * (1 - share[:, None])

    found = trained("augment.mixup=1.0")
    assert found[3].draws == 3
    require_equal(found, expected(*found[3:], mix=mix))


def test_validation_draws_the_same_for_a_row_in_every_epoch_whatever_else_is_validated_on():
    plan = BatchPlan(np.arange(5, 9, dtype=np.int32), 2, seed=3, draws=2)
    first = plan.arrays()[1]
    plan.epoch = 1
    np.testing.assert_array_equal(plan.arrays()[1], first)
    fewer = BatchPlan(np.array([8, 6], np.int32), 2, seed=3, draws=2)
    np.testing.assert_array_equal(fewer.arrays()[1], first[[3, 1]])
    assert not np.array_equal(BatchPlan(plan.indices, 2, seed=4, draws=2).arrays()[1], first)
