"""What Keras saved on a backend passes the checks and loads there: no layer in use is refused."""

import pytest

NETWORK = """
import sys
from pathlib import Path

import keras
import numpy as np

from fmtool.evaluation.measure import load_model

layers = keras.layers
inputs = keras.Input((8, 8, 3))
x = layers.RandomFlip(seed=1)(inputs) if keras.backend.backend() == "tensorflow" else inputs
x = layers.Conv2D(4, 3, padding="same", kernel_regularizer="l2", kernel_constraint="max_norm")(x)
x = layers.BatchNormalization()(x)
x = layers.Activation("gelu")(x)
x = layers.DepthwiseConv2D(3)(x) + layers.SeparableConv2D(4, 3, activation="relu")(x)
x = layers.SpectralNormalization(layers.Conv2D(4, 1))(x)
x = layers.GroupNormalization(2)(layers.MaxPooling2D()(x))
x = layers.Reshape((9, 4))(x)
x = layers.MultiHeadAttention(2, 4)(x, x)
x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
x = layers.TimeDistributed(layers.Dense(4))(layers.LayerNormalization()(x))
x = layers.GRU(4)(layers.EinsumDense("abc,cd->abd", (None, 4))(x))
x = keras.ops.concatenate([x, keras.ops.mean(x, axis=-1, keepdims=True)], axis=-1)
x = layers.Dropout(0.5, seed=3)(keras.Sequential([layers.Dense(4), layers.PReLU()])(x))
model = keras.Model(inputs, layers.Dense(2, dtype="float32")(x))
model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), ["accuracy"])
model.save("model.keras")
images = np.random.default_rng(0).random((5, 8, 8, 3), np.float32)
loaded = load_model(Path("model.keras"))
print(np.array_equal(model.predict(images, verbose=0), loaded.predict(images, verbose=0)))
"""


@pytest.mark.parametrize(
    "backend",
    [
        pytest.param("tensorflow", marks=pytest.mark.slow),
        pytest.param("jax", marks=pytest.mark.slow),
        "torch",
    ],
)
def test_a_network_of_many_layers_loads_as_it_was_saved(fmtool, backend):
    outcome = fmtool.python(NETWORK, KERAS_BACKEND=backend)
    assert outcome.out.strip() == "True", outcome.err
