"""Tables of models against counts by hand."""

import keras
import pytest
from keras import layers

from fmtool.evaluation.model_summary import announce, summarize


def network():
    """A core of convolutions within a network that reads bytes, as it is trained."""
    inputs = keras.Input((6, 6, 2))
    x = layers.BatchNormalization(name="norm")(layers.Conv2D(4, 3, name="conv")(inputs))
    x = keras.ops.relu(x)
    core = keras.Model(inputs, layers.Dense(3, name="logits")(layers.Flatten(name="flat")(x)))
    pixels = keras.Input((6, 6, 2), dtype="uint8", name="pixels")
    return keras.Model(pixels, core(keras.ops.cast(pixels, "float32")), name="small")


CONV, NORM, DENSE = 3 * 3 * 2 * 4 + 4, 4 * 4, 4 * 4 * 4 * 3 + 3
OUTPUT = 4 * 4 * 4
"""Values of what the convolution gives."""


def test_the_layers_of_a_model_within_a_model_stand_in_its_place():
    rows = {row.kind: row for row in summarize(network()).layers}
    assert list(rows) == [
        "InputLayer", "Cast", "Conv2D", "BatchNormalization", "Relu", "Flatten", "Dense",
    ]  # fmt: skip
    assert rows["Conv2D"].output_shape == [4, 4, 4]
    assert {kind: row.parameters for kind, row in rows.items() if row.parameters} == {
        "Conv2D": CONV,
        "BatchNormalization": NORM,
        "Dense": DENSE,
    }
    assert {kind: row.flops for kind, row in rows.items() if row.flops} == {
        "Conv2D": 2 * 3 * 3 * 2 * OUTPUT,
        "Dense": 2 * OUTPUT * 3,
    }


def test_totals_are_the_sums_of_the_layers():
    summary = summarize(network())
    assert summary.parameters == CONV + NORM + DENSE
    assert summary.trained_parameters == summary.parameters - NORM // 2
    assert summary.weights_bytes == 4 * summary.parameters
    assert summary.flops == 2 * 3 * 3 * 2 * OUTPUT + 2 * OUTPUT * 3
    # Cast, four outputs of the size of the convolution's, and the logits; not the pixels.
    assert summary.activation_bytes == 4 * (6 * 6 * 2 + 4 * OUTPUT + 3)


def test_in_half_precision_outputs_take_half_and_weights_do_not():
    inputs = keras.Input((8,))
    half = layers.Dense(4, dtype="mixed_bfloat16")
    summary = summarize(keras.Model(inputs, half(inputs)))
    assert (summary.activation_bytes, summary.weights_bytes) == (2 * 4, 4 * (8 * 4 + 4))


def test_operations_deep_within_a_layer_are_its_own():
    inputs = keras.Input((5, 4))
    attention = layers.MultiHeadAttention(3, 2, name="heads")
    rows = summarize(keras.Model(inputs, attention(inputs, inputs))).layers
    (heads,) = (row for row in rows if row.name == "heads")
    assert heads.flops == 4 * (2 * 5 * 4 * 6) + 2 * (2 * 5 * 5 * 3 * 2)


def test_a_layer_that_is_called_twice_is_one_row_with_both_calls():
    inputs = keras.Input((4,))
    dense = layers.Dense(4)
    rows = summarize(keras.Model(inputs, dense(dense(inputs)))).layers
    (row,) = (row for row in rows if row.kind == "Dense")
    assert (row.parameters, row.flops) == (20, 2 * 2 * 4 * 4)


def test_a_model_that_does_not_show_its_layers_is_one_row():
    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    inputs = keras.Input((4,))
    model = keras.Model(inputs, Own()(keras.Sequential([layers.Dense(3)])(inputs)))
    rows = [row for row in summarize(model).layers if row.parameters]
    assert [(row.kind, row.parameters) for row in rows] == [("Dense", 15), ("Own", 8)]


def test_an_axis_of_unknown_size_counts_once():
    inputs = keras.Input((None, 4))
    (_, row) = summarize(keras.Model(inputs, layers.Activation("relu")(inputs))).layers
    assert (row.output_shape, row.output_bytes) == ([None, 4], 16)


def test_it_is_printed_on_stderr_alone(capsys):
    announce(network(), batch_size=10)
    printed = capsys.readouterr()
    assert printed.out == ""
    rows = [line.split() for line in printed.err.splitlines()]
    assert ["conv", "Conv2D", "4x4x4", str(CONV), "2,304"] in rows
    assert f"{CONV + NORM + DENSE}, {CONV + NORM // 2 + DENSE} of them trained" in printed.err
    assert "0.00 MB a sample, 0.0 MB a batch" in printed.err


def test_a_name_does_not_reach_the_terminal_as_a_command(capsys):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(2, name="a\x1b[31m")(inputs))
    announce(model, batch_size=1)
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("shape", [(4,), (4, 4, 1)])
def test_nothing_of_the_model_changes(shape):
    inputs = keras.Input(shape)
    model = keras.Model(inputs, layers.Dense(2)(inputs))
    before = [{*vars(layer)} for layer in model._flatten_layers()]
    summarize(model)
    assert [{*vars(layer)} for layer in model._flatten_layers()] == before


def test_an_operation_that_multiplies_counts_in_a_row_of_its_own():
    inputs = keras.Input((5, 4))
    core = keras.Model(inputs, keras.ops.einsum("bth,bsh->bts", inputs, inputs))
    rows = summarize(keras.Model(inputs, core(inputs))).layers
    assert {row.kind: row.flops for row in rows if row.flops} == {"Einsum": 2 * 5 * 5 * 4}
