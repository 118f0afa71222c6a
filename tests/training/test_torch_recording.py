"""Recorded steps against the same steps as Keras runs them; on torch, see test_other_backends."""

import keras
import numpy as np
import pytest

from fmtool import registry, validate
from fmtool.config.compose import compose

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "torch", reason="steps are recorded on torch alone"
)

IMAGES, CLASSES, BATCH = (8, 8, 3), 4, 6


@pytest.fixture(autouse=True)
def our_batch_normalization(monkeypatch):
    """As trainings have it, for one test."""
    from fmtool.kernels import batch_normalization

    layer = keras.layers.BatchNormalization
    monkeypatch.setattr(layer, "call", layer.call)
    batch_normalization.use(batch_normalization.on_torch)


class Looking(keras.layers.Layer):
    """Decides by a value of its input, in one of the ways that Python offers."""

    def __init__(self, look):
        super().__init__()
        self.look = look

    def call(self, x):
        return x * 2 if self.look(x) else x


class Drawing(keras.layers.Layer):
    """Adds a number from a generator that torch does not know."""

    def call(self, x):
        return x + float(np.random.random())


def convolutional():
    layers = keras.layers
    return [
        layers.Conv2D(4, 3, padding="same"), layers.BatchNormalization(), layers.ReLU(),
        layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.3), layers.Dense(CLASSES),
    ]  # fmt: skip


def dense(*more):
    return [keras.layers.Flatten(), keras.layers.Dense(CLASSES), *more]


class Trainer:
    """A model, and what `record` is told of it."""

    def __init__(self, layers, optimizer="adam", policy="float32"):
        keras.utils.set_random_seed(0)
        keras.config.set_dtype_policy(policy)
        try:
            self.model = keras.Sequential([keras.Input(IMAGES), *layers()])
        finally:
            keras.config.set_dtype_policy("float32")
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
        self.model._symbolic_build(data_batch=self.batch(0))
        optimizer, metrics = self.model.optimizer, self.model.metrics_variables
        variables = [*self.model.variables, *optimizer.variables, *metrics]
        self.state = list({id(each): each.value for each in variables}.values())

    def batch(self, number):
        rng = np.random.default_rng(number)
        images = rng.random((BATCH, *IMAGES), dtype=np.float32)
        labels = rng.integers(0, CLASSES, BATCH, dtype=np.int32)
        return tuple(keras.ops.convert_to_tensor(each) for each in (images, labels))

    def step(self, batch):
        self.model.train_step(batch)

    def record(self):
        from fmtool.training.step.torch_recording import record

        return record(self.step, self.state, self.batch(0))

    def bits(self):
        return [keras.ops.convert_to_numpy(each.detach()).tobytes() for each in self.state]

    def after(self, step, count=3):
        import torch

        torch.manual_seed(1)
        for number in range(count):
            step(self.batch(number))
        return self.bits()


def optimizer_of(name, *keys):
    words = [f"optimizer={name}", *(f"optimizer.{key}" for key in keys)]
    cfg = validate.option("optimizer", compose("train", words)["optimizer"])
    return registry.module("optimizer", name).build(cfg, 0.01)


@pytest.mark.parametrize("name", registry.names("optimizer"))
def test_recorded_steps_leave_the_bits_of_the_steps_themselves(name):
    eager, other = (Trainer(convolutional, optimizer_of(name)) for _ in range(2))
    recorded = other.record()
    assert recorded is not None
    assert other.after(recorded) == eager.after(eager.step)


@pytest.mark.parametrize("key", ["use_ema=true", "global_clipnorm=0.1", "weight_decay=0.1"])
def test_so_do_those_of_an_optimizer_with(key):
    eager, other = (Trainer(convolutional, optimizer_of("sgd", key)) for _ in range(2))
    recorded = other.record()
    assert recorded is not None
    assert other.after(recorded) == eager.after(eager.step)


def test_so_do_those_in_mixed_precision():
    eager, other = (Trainer(convolutional, policy="mixed_bfloat16") for _ in range(2))
    recorded = other.record()
    assert recorded is not None
    assert other.after(recorded) == eager.after(eager.step)


def test_recording_changes_neither_state_nor_generators():
    import torch

    trainer = Trainer(convolutional)
    before, seeds = trainer.bits(), torch.get_rng_state()
    assert trainer.record() is not None
    assert trainer.bits() == before
    assert torch.equal(torch.get_rng_state(), seeds)
    assert all(each.grad is None for each in trainer.state)


def test_a_new_learning_rate_is_not_that_of_the_recording():
    eager, other = Trainer(convolutional), Trainer(convolutional)
    recorded = other.record()
    for each in (eager, other):
        each.model.optimizer.learning_rate = 0.5
    assert other.after(recorded) == eager.after(eager.step)


@pytest.mark.parametrize(
    "look",
    [
        lambda x: bool(x.sum() > 0),
        lambda x: x.sum().item() > 0,
        lambda x: x.detach().sum().numpy() > 0,
        lambda x: x.detach().sum().tolist() > 0,
        lambda x: np.asarray(x.detach().sum()) > 0,
        lambda x: len(x.nonzero()) > 1,
        lambda x: keras.ops.convert_to_numpy(x).sum() > 0,
    ],
    ids=["bool", "item", "numpy", "tolist", "asarray", "nonzero", "keras"],
)
def test_a_step_that_looks_at_a_value_is_not_recorded(look):
    trainer = Trainer(lambda: dense(Looking(look)))
    before = trainer.bits()
    assert trainer.record() is None
    assert trainer.bits() == before


@pytest.mark.parametrize("layer", [Drawing, lambda: keras.layers.Dropout(0.5, seed=1)])
def test_a_step_that_draws_from_another_generator_is_not_recorded(layer):
    trainer = Trainer(lambda: dense(layer()))
    before, numbers = trainer.bits(), np.random.get_state()[2]
    assert trainer.record() is None
    assert trainer.bits() == before
    assert np.random.get_state()[2] == numbers


def test_accumulated_gradients_are_not_recorded():
    optimizer = keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)
    assert Trainer(dense, optimizer).record() is None


def test_a_step_that_fails_is_not_recorded_and_leaves_the_state():
    trainer = Trainer(dense)
    before = trainer.bits()
    trainer.step = lambda batch: trainer.model.train_step((batch[0], batch[1][:2]))
    assert trainer.record() is None
    assert trainer.bits() == before
