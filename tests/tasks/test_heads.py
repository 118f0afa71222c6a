"""The layers that tasks put behind a backbone, and what a model may want of them."""

import keras
import numpy as np

from fmtool.representations import HeadHints
from fmtool.tasks.shared import heads


def head(shape, *hints):
    inputs = keras.Input(shape)
    return keras.Model(inputs, heads.logits(inputs, 3, *hints))


def test_a_vector_becomes_float32_logits_whatever_the_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = head((4,))
    finally:
        keras.config.set_dtype_policy("float32")
    assert (model.output_shape, model.output.dtype) == ((None, 3), "float32")
    assert [each.path for each in model.weights] == ["logits/kernel", "logits/bias"]


def test_each_place_of_a_map_has_its_logits():
    assert head((5, 6, 4)).output_shape == (None, 5, 6, 3)


def test_what_a_model_wants_of_its_head_is_done():
    ones = keras.initializers.Ones()
    model = head((4,), HeadHints(use_bias=False, kernel_initializer=ones, scale=0.5))
    assert [each.path for each in model.weights] == ["logits/kernel"]
    found = keras.ops.convert_to_numpy(model(np.full((1, 4), 3, np.float32)))
    np.testing.assert_array_equal(found, [[6, 6, 6]])
