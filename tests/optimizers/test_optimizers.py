"""Every optimizer option builds, trains, carries its keys and can be saved."""

from importlib import import_module, resources

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from fmtool.optimizers.base import KEYS_OF_OURS, exclude_from_weight_decay

NAMES = sorted(
    entry.name.removesuffix(".yaml")
    for entry in resources.files("fmtool.conf").joinpath("optimizer").iterdir()
)
# Where Keras decays: in its base class, in its torch classes, and in Muon on its own.
DECAYING = ["sgd", "adamw", "lion", "muon"]
on_host = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="no tensor is involved, one backend will do"
)


def build(cfg, learning_rate=None):
    return import_module(f"fmtool.optimizers.{cfg.name}").build(
        cfg, cfg.learning_rate if learning_rate is None else learning_rate
    )


def tiny_model():
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(2, 3),
            keras.layers.Flatten(),
            keras.layers.Dense(3, bias_initializer="ones"),
        ]
    )


def fit_one_step(model, optimizer):
    model.compile(optimizer=optimizer, loss="mse")
    x = np.random.default_rng(0).normal(size=(4, 6, 6, 1)).astype("float32")
    model.fit(x, np.ones((4, 3), "float32"), batch_size=4, verbose=0)


@pytest.mark.parametrize("name", NAMES)
def test_one_fit_step_changes_every_weight_and_keeps_it_finite(option, name):
    model = tiny_model()
    before = model.get_weights()
    fit_one_step(model, build(option(name)))
    for old, new in zip(before, model.get_weights(), strict=True):
        assert np.all(np.isfinite(new))
        assert np.any(new != old)


@on_host
@pytest.mark.parametrize("name", NAMES)
def test_every_key_reaches_the_keras_optimizer(option, name):
    cfg = option(
        name,
        learning_rate=0.125,
        weight_decay=0.25,
        global_clipnorm=3.0,
        use_ema=True,
        ema_momentum=0.5,
        ema_overwrite_frequency=7,
        gradient_accumulation_steps=2,
    )
    expected = cfg.model_dump(exclude={"name", *KEYS_OF_OURS})
    carried = build(cfg).get_config()
    assert {key: carried[key] for key in expected} == expected


@on_host
@pytest.mark.parametrize("name", NAMES)
def test_a_serialised_optimizer_comes_back_equal(option, name):
    optimizer = build(option(name))
    # Keras 3.15's optimizers.deserialize does not know Lamb; loading a model goes this way.
    revived = keras.saving.deserialize_keras_object(keras.optimizers.serialize(optimizer))
    assert type(revived) is type(optimizer)
    assert revived.get_config() == optimizer.get_config()


@pytest.mark.parametrize("name", DECAYING)
def test_weight_decay_shrinks_kernels_and_spares_biases(option, name):
    decays = {"weight_decay": 0.5} | ({"adam_weight_decay": 0.5} if name == "muon" else {})
    optimizer = build(option(name, learning_rate=0.1, **decays))
    model = tiny_model()
    variables = model.trainable_variables
    exclude_from_weight_decay(optimizer, variables)
    before = model.get_weights()
    optimizer.build(variables)
    optimizer.apply([keras.ops.zeros(v.shape) for v in variables], variables)
    for old, new in zip(before, model.get_weights(), strict=True):
        expected = old * (1 - 0.1 * 0.5) if old.ndim > 1 else old
        np.testing.assert_allclose(new, expected, rtol=1e-5, atol=1e-7)


def test_the_biases_of_attention_are_spared_though_they_have_two_axes(option):
    inputs = keras.Input((3, 4))
    attended = keras.layers.MultiHeadAttention(2, 2)(inputs, inputs)
    variables = keras.Model(inputs, attended).trainable_variables
    optimizer = build(option("adamw"))
    exclude_from_weight_decay(optimizer, variables)
    optimizer.build(variables)
    spared = {v.path for v in variables if not optimizer._use_weight_decay(v)}
    assert spared == {v.path for v in variables if v.name == "bias"}
    assert max(len(v.shape) for v in variables if v.path in spared) == 2


def test_weight_decay_works_together_with_a_schedule(option):
    model = tiny_model()
    optimizer = build(
        option("adamw", weight_decay=0.5),
        keras.optimizers.schedules.CosineDecay(initial_learning_rate=0.1, decay_steps=10),
    )
    exclude_from_weight_decay(optimizer, model.trainable_variables)
    kernel = model.get_weights()[0]
    optimizer.build(model.trainable_variables)
    optimizer.apply([keras.ops.zeros(v.shape) for v in model.trainable_variables])
    np.testing.assert_allclose(model.get_weights()[0], kernel * 0.95, rtol=1e-5)


def test_two_kinds_of_clipping_are_refused_by_their_names(option):
    with pytest.raises(ValidationError, match="clipnorm and global_clipnorm exclude each other"):
        option("adam", clipnorm=1.0, global_clipnorm=1.0)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("learning_rate", 0.0),
        ("learning_rate", float("nan")),
        ("weight_decay", -1.0),
        ("ema_momentum", 1.5),
        ("gradient_accumulation_steps", 1),
        ("beta_1", 1.0),
        ("momentum", 0.9),
    ],
)
def test_a_value_out_of_range_or_a_foreign_key_is_refused(option, key, value):
    with pytest.raises(ValidationError, match=key):
        option("adam", **{key: value})


def test_adamw_asks_for_zero_in_place_of_null(option):
    with pytest.raises(ValidationError, match="weight_decay"):
        option("adamw", weight_decay=None)
    assert build(option("adamw", weight_decay=0.0)).weight_decay == 0.0
