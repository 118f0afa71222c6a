"""Counts of operations against counts by hand."""

import keras
import pytest
from keras import layers
from small_models import classifier

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.elements import Pixels
from fmtool.machine.flops import Flops, layer_flops, model_flops

CIFAR = (32, 32, 3)


def build(name):
    """The shipped model for CIFAR-10, within a network as it is trained."""
    cfg = validate.option("model", compose("train", [f"model={name}"])["model"])
    core = classifier(cfg, Pixels(CIFAR))
    pixels = keras.Input(CIFAR, dtype="uint8")
    return keras.Model(pixels, core(keras.ops.cast(pixels, "float32")))


class Residual(layers.Layer):
    """A layer that calls another one twice."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def build(self, shape):
        self.inner.build(shape)

    def call(self, x):
        return x + self.inner(self.inner(x))


class Wrapping(layers.Layer):
    """A layer whose shapes Keras finds by calling it."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, x):
        return self.inner(x)


def test_the_operations_of_the_cnn_are_those_counted_by_hand():
    first, second = 2 * 3 * 3 * 3 * 32 * 32 * 32, 2 * 3 * 3 * 32 * 64 * 16 * 16
    dense, logits = 2 * 8 * 8 * 64 * 128, 2 * 128 * 10
    flops = model_flops(build("cnn"))
    assert flops == Flops(convolution=first + second, dense=dense + logits)
    assert flops.training == 3 * (first + second + dense + logits)


def test_the_operations_of_the_mlp_are_those_counted_by_hand():
    expected = 2 * (3072 * 256 + 256 * 128 + 128 * 10)
    assert model_flops(build("mlp")) == Flops(convolution=0, dense=expected)


@pytest.mark.parametrize(
    ("layer", "shape", "kind", "expected"),
    [
        (layers.Conv2D(6, 3, strides=2), (9, 9, 4), "convolution", 2 * 9 * 4 * 6 * 16),
        (layers.Conv2D(6, 3, groups=2), (9, 9, 4), "convolution", 2 * 9 * 2 * 6 * 49),
        (layers.Conv1D(6, 5), (9, 4), "convolution", 2 * 5 * 4 * 6 * 5),
        (layers.Conv3D(2, 3), (5, 5, 5, 3), "convolution", 2 * 27 * 3 * 2 * 27),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), (9, 9, 4), "convolution", 2 * 9 * 8 * 49),
        (layers.SeparableConv2D(6, 3), (9, 9, 4), "convolution", 2 * (9 * 4 + 4 * 6) * 49),
        (layers.Conv2DTranspose(6, 2, 2), (9, 9, 4), "convolution", 2 * 4 * 4 * 6 * 81),
        (layers.Dense(6), (7, 4), "dense", 2 * 4 * 6 * 7),
        (layers.EinsumDense("abc,cde->abde", (None, 2, 3)), (7, 4), "dense", 2 * 4 * 2 * 3 * 7),
        (layers.EinsumDense("...x,xy->...y", 6), (7, 4), "dense", 2 * 4 * 6 * 7),
        (layers.Conv1D(6, 3, dilation_rate=2, padding="causal"), (9, 4), "convolution",
         2 * 3 * 4 * 6 * 9),
        (layers.SimpleRNN(6), (7, 4), "dense", 2 * (4 + 6) * 6 * 7),
        (layers.GRU(6), (7, 4), "dense", 2 * (4 + 6) * 3 * 6 * 7),
        (layers.LSTM(6), (7, 4), "dense", 2 * (4 + 6) * 4 * 6 * 7),
        (layers.Bidirectional(layers.LSTM(6)), (7, 4), "dense", 2 * 2 * (4 + 6) * 4 * 6 * 7),
    ],
)  # fmt: skip
def test_a_layer_counts(layer, shape, kind, expected):
    inputs = keras.Input(shape)
    (call,) = layer_flops(keras.Model(inputs, layer(inputs)))
    assert (call.kind, call.flops) == (kind, expected)


def test_attention_counts_its_projections_and_the_products_of_all_pairs():
    inputs = keras.Input((7, 8))
    outputs = layers.MultiHeadAttention(2, 4)(inputs, inputs)
    (call,) = layer_flops(keras.Model(inputs, outputs))
    assert call.flops == 4 * (2 * 8 * 8 * 7) + 2 * (2 * 7 * 7 * 8)


def test_a_layer_that_counts_is_not_counted_again_for_those_within():
    inputs = keras.Input((7, 4))
    both = layers.Bidirectional(layers.SimpleRNN(6))
    (call,) = layer_flops(keras.Model(inputs, Wrapping(both)(inputs)))
    assert call.flops == 2 * 2 * (4 + 6) * 6 * 7


@pytest.mark.parametrize(
    ("multiply", "shape", "expected"),
    [
        (lambda x: keras.ops.einsum("bthd,bshd->bhts", x, x), (7, 2, 4), 2 * 7 * 7 * 2 * 4),
        (lambda x: keras.ops.matmul(x, keras.ops.swapaxes(x, 1, 2)), (7, 4), 2 * 7 * 7 * 4),
    ],
)
def test_a_product_outside_of_layers_counts(multiply, shape, expected):
    inputs = keras.Input(shape)
    inner = keras.Model(inputs, multiply(inputs))
    assert model_flops(keras.Model(inputs, inner(inputs))) == Flops(convolution=0, dense=expected)


def test_a_layer_within_a_layer_counts_for_each_call():
    inputs = keras.Input((4,))
    calls = layer_flops(keras.Model(inputs, Residual(layers.Dense(4))(inputs)))
    assert [call.flops for call in calls] == [2 * 4 * 4] * 2


class Attending(layers.Layer):
    """A layer that calls the attention in it."""

    def __init__(self, attention):
        super().__init__()
        self.attention = attention

    def build(self, shape):
        self.attention.build(shape, shape)

    def call(self, x):
        return self.attention(x, x)


@pytest.mark.parametrize("nested", [False, True])
def test_an_attention_counts_its_projections_and_its_products(nested):
    inputs = keras.Input((5, 4))
    attention = layers.MultiHeadAttention(3, 2)
    outputs = Attending(attention)(inputs) if nested else attention(inputs, inputs)
    flops = model_flops(keras.Model(inputs, outputs))
    assert flops == Flops(convolution=0, dense=4 * (2 * 5 * 4 * 6) + 2 * (2 * 5 * 5 * 3 * 2))


def test_what_is_attended_to_may_be_longer_than_what_attends():
    inputs = keras.Input((5, 4))
    outputs = layers.MultiHeadAttention(3, 2, value_dim=1)(inputs[:, :2], inputs)
    dense = 2 * (2 * 4 * 6 + 5 * 4 * 6 + 5 * 4 * 3 + 2 * 3 * 4)
    products = 2 * 2 * 5 * 3 * (2 + 1)
    assert model_flops(keras.Model(inputs, outputs)).total == dense + products


def test_layers_of_other_kinds_count_nothing():
    inputs = keras.Input(CIFAR)
    outputs = layers.Flatten()(layers.BatchNormalization()(inputs))
    assert model_flops(keras.Model(inputs, outputs)) == Flops(convolution=0, dense=0)


def test_counting_leaves_the_model_as_it_was():
    model = build("mlp")
    before = [{*vars(layer)} for layer in model._flatten_layers()]
    layer_flops(model)
    assert [{*vars(layer)} for layer in model._flatten_layers()] == before
