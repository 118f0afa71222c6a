"""The seam in Keras' training changes what is fed, and nothing of what is learnt."""

import keras
import numpy as np
import pytest
from small_tasks import labelled

from fmtool.augment.stages.pipeline import Pipeline
from fmtool.data.splitting.splits import Split
from fmtool.errors import ConfigChanged
from fmtool.kernels import gelu
from fmtool.training import state
from fmtool.training.step.feed import feed
from fmtool.training.step.indexed_model import IndexedModel, Parts
from fmtool.training.step.plan import BatchPlan
from fmtool.training.step.source import DeviceDataset
from fmtool.training.step.table import to_device

GENERATOR = np.random.default_rng(0)
IMAGES = GENERATOR.integers(0, 256, (50, 4, 4, 1), dtype=np.uint8)
LABELS = GENERATOR.integers(0, 3, 50, dtype=np.int32)


def network(units=8):
    keras.utils.set_random_seed(1)
    inputs = keras.Input((4, 4, 1), dtype="uint8")
    x = keras.layers.Flatten()(keras.ops.cast(inputs, "float32") / 255)
    x = keras.layers.BatchNormalization()(keras.layers.Dense(units, activation="relu")(x))
    return keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Dropout(0.25, seed=2)(x)))


KEYS = {"steps_per_execution": 2}


def plainly_compiled(model):
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        **KEYS,
    )
    return model


def indexed(units=8, augment=None, rows=50):
    split = Split(IMAGES, LABELS)
    table = to_device(split)
    draws = augment.draws if augment else 0
    plan = BatchPlan(np.arange(rows, dtype=np.int32), 10, seed=5, draws=draws, shuffles=True)
    held_out = BatchPlan(np.arange(7, 41, dtype=np.int32), 10)
    sources = DeviceDataset(plan, split, table), DeviceDataset(held_out, split, table)
    model = IndexedModel(Parts(network(units), labelled(3), *sources, augment))
    model.compile(optimizer=keras.optimizers.Adam(0.01), **KEYS)
    return model, plan, held_out


def fit(model, plan, *, epochs=2):
    follow = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, _: setattr(plan, "epoch", epoch)
    )
    return model.fit(feed(plan), epochs=epochs, shuffle=False, verbose=0, callbacks=[follow])


def test_kernels_of_training_steps_are_used_in_these_alone(monkeypatch):
    model, plan, held_out = indexed()
    dense, seen = model.network.layers[-1], []
    plain = dense.call

    def watching(*arguments, **keys):
        seen.append(gelu.is_in_step())
        return plain(*arguments, **keys)

    monkeypatch.setattr(dense, "call", watching)
    fit(model, plan, epochs=1)
    assert seen[-1]
    model.evaluate(feed(held_out), verbose=0)
    assert not seen[-1]


def test_it_learns_what_plain_keras_learns_from_the_gathered_arrays():
    model, plan, _ = indexed()
    history = fit(model, plan).history
    plain = plainly_compiled(network())
    losses = []
    for epoch in range(2):
        plan.epoch = epoch
        rows, _ = plan.arrays()
        done = plain.fit(IMAGES[rows], LABELS[rows], batch_size=10, shuffle=False, verbose=0)
        losses += done.history["loss"]
    np.testing.assert_allclose(history["loss"], losses, rtol=1e-6)
    for ours, theirs in zip(model.network.weights, plain.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_evaluation_sees_every_sample_of_the_validation_table_once():
    model, plan, held_out = indexed()
    fit(model, plan, epochs=1)
    rows = held_out.indices
    loss, accuracy = model.evaluate(feed(held_out), verbose=0)
    plain = plainly_compiled(model.network)
    expected = plain.evaluate(IMAGES[rows], LABELS[rows], batch_size=10, verbose=0)
    np.testing.assert_allclose((loss, accuracy), expected, rtol=1e-6)


def test_augmentation_gets_the_uniforms_of_its_samples_and_no_validation():
    def blacken(images, labels, uniforms):
        assert uniforms.shape[1] == 2
        return images * 0, labels

    model, plan, held_out = indexed(augment=Pipeline(2, False, False, blacken))
    fit(model, plan, epochs=1)
    dark = model.network(np.zeros_like(IMAGES[:1]), training=False)
    bright = model.network(IMAGES[:1], training=False)
    assert not np.allclose(dark, bright)
    loss, _ = model.evaluate(feed(held_out), verbose=0)
    rows = held_out.indices
    expected, _ = plainly_compiled(model.network).evaluate(IMAGES[rows], LABELS[rows], verbose=0)
    assert loss == pytest.approx(expected, rel=1e-6)


def test_the_table_is_no_state():
    model, _, _ = indexed()
    assert sum(int(np.prod(v.shape)) for v in model.weights) < IMAGES.size


def test_a_saved_state_continues_bit_for_bit(tmp_path):
    model, plan, _ = indexed()
    fit(model, plan, epochs=1)
    state.capture(model).write(tmp_path)
    fit(model, plan, epochs=1)
    after = [np.array(v) for v in model.variables]

    other, plan, _ = indexed()
    fit(other, plan, epochs=2)
    state.load(other, tmp_path)
    fit(other, plan, epochs=1)
    assert all(
        np.array_equal(mine, np.array(v)) for mine, v in zip(after, other.variables, strict=True)
    )


def test_a_state_of_another_model_is_refused(tmp_path):
    model, plan, _ = indexed()
    fit(model, plan, epochs=1)
    state.capture(model).write(tmp_path)
    other, plan, _ = indexed(units=9)
    fit(other, plan, epochs=1)
    with pytest.raises(ConfigChanged, match="its trainable variables are not those of this model"):
        state.load(other, tmp_path)


def test_a_state_without_an_array_is_refused(tmp_path):
    model, plan, _ = indexed()
    fit(model, plan, epochs=1)
    state.capture(model).write(tmp_path)
    with np.load(tmp_path / state.ARRAYS) as arrays:
        kept = {name: arrays[name] for name in arrays.files if name != "optimizer/00000"}
    np.savez(tmp_path / state.ARRAYS, allow_pickle=False, **kept)
    with pytest.raises(ConfigChanged, match="its optimizer variables"):
        state.load(model, tmp_path)
