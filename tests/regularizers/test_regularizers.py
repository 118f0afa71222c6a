"""Penalties reach the loss, bounds hold, and only kernels are touched."""

from importlib import import_module, resources

import keras
import numpy as np
import pytest

from fmtool.errors import UsageError
from fmtool.regularizers.shared.apply import apply

NAMES = sorted(
    entry.name.removesuffix(".yaml")
    for entry in resources.files("fmtool.conf").joinpath("regularizer").iterdir()
)


def build(cfg):
    return import_module(f"fmtool.regularizers.{cfg.name}").build(cfg)


def orthogonality(kernel):
    """||W^T W - I||^2 of the kernel as a matrix, over its smaller side."""
    matrix = kernel.reshape(-1, kernel.shape[-1])
    singular = np.linalg.svd(matrix, compute_uv=False)
    return float(np.sum((singular**2 - 1) ** 2))


PENALTIES = {
    "none": lambda w: 0.0,
    "l1": lambda w: 0.1 * np.abs(w).sum(),
    "l2": lambda w: 0.2 * np.square(w).sum(),
    "l1_l2": lambda w: 0.1 * np.abs(w).sum() + 0.2 * np.square(w).sum(),
    "orthogonal": lambda w: 0.3 * orthogonality(w),
}
FACTORS = {
    "none": {},
    "l1": {"l1": 0.1},
    "l2": {"l2": 0.2},
    "l1_l2": {"l1": 0.1, "l2": 0.2},
    "orthogonal": {"factor": 0.3},
}


def conv_model():
    """One convolution inside a nested model, one tall and one wide dense kernel."""
    keras.utils.set_random_seed(0)
    block = keras.Sequential([keras.Input((5, 5, 2)), keras.layers.Conv2D(3, 3)])
    return keras.Sequential(
        [
            keras.Input((5, 5, 2)),
            block,
            keras.layers.BatchNormalization(),
            keras.layers.Flatten(),
            keras.layers.Dense(4, bias_initializer="ones"),
            keras.layers.Dense(6, bias_initializer="ones"),
        ]
    )


def fit(model, optimizer, epochs=1):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 5, 5, 2)).astype("float32"), np.zeros((8, 6), "float32")
    model.compile(optimizer=optimizer, loss="mse")
    return model.fit(x, y, batch_size=8, epochs=epochs, verbose=0).history["loss"][-1]


def kernels(model):
    weights = [keras.ops.convert_to_numpy(v) for v in model.trainable_variables]
    return [weight for weight in weights if weight.ndim >= 2]


@pytest.fixture(scope="module")
def plain_loss():
    return fit(conv_model(), keras.optimizers.SGD(0.0))


@pytest.mark.parametrize("name", NAMES)
def test_the_training_loss_holds_the_penalty_of_every_kernel(option, name, plain_loss):
    model = conv_model()
    apply(model, build(option(name, **FACTORS[name])), max_norm=None)
    expected = sum(PENALTIES[name](kernel) for kernel in kernels(model))
    assert fit(model, keras.optimizers.SGD(0.0)) - plain_loss == pytest.approx(expected, rel=1e-4)


def named_model():
    inputs = keras.Input((4, 4, 1))
    x = keras.layers.Flatten()(keras.layers.Conv2D(2, 3, name="conv_1")(inputs))
    attended = keras.layers.MultiHeadAttention(1, 2, name="heads")(x[:, None], x[:, None])
    x = keras.layers.Dense(3, name="dense")(keras.layers.Flatten()(attended))
    return keras.Model(inputs, keras.layers.Dense(2, name="logits")(x))


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["*"], {"conv_1", "heads/query", "heads/key", "heads/value", "heads/attention_output",
                 "dense", "logits"}),
        (["dense"], {"dense"}),
        (["conv_?", "log*"], {"conv_1", "logits"}),
        (["heads/[kq]*"], {"heads/query", "heads/key"}),
    ],
)  # fmt: skip
def test_only_the_kernels_of_chosen_layers_are_touched(option, patterns, expected):
    model = named_model()
    apply(model, build(option("l2")), max_norm=1.0, layers=patterns)
    for attribute in ("regularizer", "constraint"):
        touched = [
            variable
            for variable in model.trainable_variables
            if getattr(variable, attribute) is not None
        ]
        assert {variable.path.rpartition("/")[0] for variable in touched} == expected
        assert all(variable.path.endswith("kernel") for variable in touched)


def test_a_pattern_without_a_layer_is_a_mistake_that_names_the_layers():
    for pattern in ("batch*", "flatten"):
        with pytest.raises(UsageError) as error:
            apply(named_model(), None, max_norm=None, layers=["dense", pattern])
        assert str(error.value) == (
            f"regularizer.layers: no layer with a kernel matches '{pattern}'; fix: one of conv_1, "
            "dense, heads/attention_output, heads/key, heads/query, heads/value, logits"
        )


def test_the_gradient_of_the_penalty_moves_kernels_only(option):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, bias_initializer="ones")])
    apply(model, build(option("l2", l2=0.2)), max_norm=None)
    kernel, bias = model.get_weights()
    model.compile(
        optimizer=keras.optimizers.SGD(0.5), loss=lambda y, y_pred: 0.0 * keras.ops.mean(y_pred)
    )
    model.fit(np.ones((2, 3)), np.zeros((2, 2)), batch_size=2, verbose=0)
    np.testing.assert_allclose(model.get_weights()[0], kernel * (1 - 0.5 * 2 * 0.2), rtol=1e-5)
    np.testing.assert_array_equal(model.get_weights()[1], bias)


def test_max_norm_holds_for_every_unit_after_training_and_lets_biases_grow():
    model = conv_model()
    apply(model, None, max_norm=0.5)
    fit(model, keras.optimizers.SGD(0.1), epochs=2)
    for kernel in kernels(model):
        norms = np.linalg.norm(kernel.reshape(-1, kernel.shape[-1]), axis=0)
        assert norms.max() <= 0.5 * (1 + 1e-5)
    assert np.linalg.norm(model.get_weights()[-1]) > 0.5


def test_max_norm_holds_for_each_vector_of_an_embedding():
    layer = keras.layers.Embedding(40, 2, embeddings_initializer="ones")
    model = keras.Sequential([keras.Input((1,), dtype="int32"), layer])
    apply(model, None, max_norm=0.5)
    vectors = layer.embeddings.constraint(layer.embeddings.value)
    norms = np.linalg.norm(keras.ops.convert_to_numpy(vectors), axis=1)
    np.testing.assert_allclose(norms, 0.5, rtol=1e-5)


def test_an_orthonormal_kernel_costs_nothing(option):
    penalty = build(option("orthogonal", factor=1.0))
    square = np.linalg.qr(np.random.default_rng(0).normal(size=(18, 18)))[0].astype("float32")
    for kernel in (square[:, :4].reshape(3, 3, 2, 4), square[:4]):
        assert float(
            keras.ops.convert_to_numpy(penalty(keras.ops.convert_to_tensor(kernel)))
        ) == pytest.approx(0, abs=1e-9)


def test_an_orthogonal_penalty_is_saved_and_loaded(option):
    penalty = build(option("orthogonal"))
    revived = keras.regularizers.deserialize(keras.regularizers.serialize(penalty))
    assert revived.get_config() == {"factor": 1e-4}
