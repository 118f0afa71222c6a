"""GELU as one program has the values and slopes of Keras' own, in steps of training alone."""

import pytest

pytest.importorskip("tensorflow")

SCRIPT = """
import json, os
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras, numpy as np, tensorflow as tf
from fmtool.kernels import gelu

points = np.concatenate([np.linspace(-12, 12, 4801), [-1e4, -100, 100, 1e4]]).reshape(5, -1)
dtypes = ("float32", "bfloat16", "float16", "float64")

def results():
    found = {}
    for dtype in dtypes:
        for kind in (True, False):
            x = tf.cast(tf.constant(points), dtype)
            weights = tf.cast(tf.constant(np.linspace(-2, 2, points.size)), dtype)
            with tf.GradientTape() as tape:
                tape.watch(x)
                outputs = keras.ops.gelu(x, approximate=kind)
                total = tf.reduce_sum(outputs * tf.reshape(weights, x.shape))
            slopes = tape.gradient(total, x)
            assert outputs.dtype == slopes.dtype == x.dtype
            pair = [tf.cast(each, "float64").numpy() for each in (outputs, slopes)]
            found[f"{dtype} {kind}"] = pair
    return found

def programs(dtype):
    def step(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = keras.ops.gelu(x)
        return tape.gradient(outputs, x)
    graph = tf.function(step).get_concrete_function(tf.TensorSpec((8, 8), dtype)).graph
    calls = [each for each in graph.get_operations() if "Call" in each.type]
    return sum(each.get_attr("_XlaMustCompile") for each in calls)

def furthest(one, other):
    return {
        name: float(max(
            (np.abs(a - b) / np.maximum(1, np.abs(a))).max() for a, b in zip(one[name], other[name])
        ))
        for name in one
    }

before = results()
gelu.use()
gelu.use()
outside, programs_outside = results(), programs("float32")
with gelu.in_training_step():
    within = results()
    programs_within = {dtype: programs(dtype) for dtype in dtypes}
print(json.dumps({
    "outside": furthest(before, outside),
    "within": furthest(before, within),
    "programs outside": programs_outside,
    "programs within": programs_within,
}))
"""


@pytest.fixture(scope="module")
def found(told_by):
    return told_by(SCRIPT)


@pytest.mark.parametrize(
    ("dtype", "tolerance"),
    [("float32", 4e-6), ("bfloat16", 3e-2), ("float16", 4e-3), ("float64", 0)],
)
@pytest.mark.parametrize("is_approximate", [True, False])
def test_values_and_slopes_are_those_of_keras(found, dtype, tolerance, is_approximate):
    assert found["within"][f"{dtype} {is_approximate}"] <= tolerance


def test_forward_and_backward_are_a_program_each(found):
    halves = {"float32": 2, "bfloat16": 2, "float16": 2}
    assert found["programs within"] == halves | {"float64": 0}


def test_outside_of_a_step_it_is_keras_own(found):
    assert set(found["outside"].values()) == {0.0}
    assert found["programs outside"] == 0
