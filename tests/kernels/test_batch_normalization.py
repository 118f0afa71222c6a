"""Batch normalization as one operation gives what Keras' many give, up to how sums are rounded."""

import pytest

SCRIPT = """
import json, os, sys
backend = os.environ["KERAS_BACKEND"] = sys.argv[1]
if backend == "torch":
    sys.modules["tensorflow"] = None
import keras, numpy as np
from fmtool.kernels import batch_normalization

settings = {
    "images": ({}, (8, 5, 6, 3)),
    "rows": ({}, (16, 7)),
    "texts": ({"epsilon": 1e-5, "momentum": 0.9}, (4, 6, 5)),
    "volumes": ({}, (2, 3, 4, 5, 3)),
    "no scale": ({"scale": False}, (8, 5, 6, 3)),
    "no center": ({"center": False}, (8, 5, 6, 3)),
    "neither": ({"scale": False, "center": False}, (8, 5, 6, 3)),
    "one value": ({}, (1, 3)),
    "constant": ({}, (8, 3)),
    "channels first": ({"axis": 1}, (8, 3, 5, 6)),
    "renorm": ({"renorm": True}, (8, 5, 6, 3)),
    "frozen": ({"trainable": False}, (8, 5, 6, 3)),
    "double": ({"dtype": "float64"}, (8, 5, 6, 3)),
}

def gradients(layer, x, weights):
    variables = [each.value for each in layer.trainable_variables]
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = layer(x, training=True)
            total = tf.reduce_sum(tf.cast(outputs, "float32") * weights)
        return outputs, tape.gradient(total, [x, *variables])
    import torch

    x.requires_grad_(True)
    outputs = layer(x, training=True)
    total = (outputs.float() * torch.from_numpy(weights)).sum()
    return outputs, torch.autograd.grad(total, [x, *variables])

def results(dtype):
    found = {}
    for name, (keys, shape) in settings.items():
        rng = np.random.default_rng(1)
        x = 3 + 2 * rng.standard_normal(shape) if name != "constant" else np.full(shape, 2.5)
        layer = keras.layers.BatchNormalization(**{"dtype": dtype, **keys})
        layer.build(shape)
        for variable in layer.trainable_variables:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape))
        x = keras.ops.convert_to_tensor(x, dtype=layer.compute_dtype)
        outputs, slopes = gradients(layer, x, rng.standard_normal(shape).astype("float32"))
        moving = [layer.moving_mean, layer.moving_variance]
        tensors = [outputs, *slopes, *moving, layer(x, training=False)]
        assert keras.backend.standardize_dtype(outputs.dtype) == layer.compute_dtype
        found[name] = [
            keras.ops.convert_to_numpy(keras.ops.cast(each, "float64")) for each in tensors
        ]
    return found

dtypes = ("float32", "mixed_bfloat16", "mixed_float16")
before = {dtype: results(dtype) for dtype in dtypes}
calls = []

def counted(*arguments):
    calls.append(len(arguments[0].shape))
    return getattr(batch_normalization, f"on_{backend}")(*arguments)

batch_normalization.use(counted)
ours = keras.layers.BatchNormalization.call
batch_normalization.use(counted)
after = {dtype: results(dtype) for dtype in dtypes}
print(json.dumps({
    "furthest": {
        dtype: {
            name: max(
                float((np.abs(a - b) / np.maximum(1, np.abs(a))).max())
                for a, b in zip(before[dtype][name], after[dtype][name], strict=True)
            )
            for name in settings
        }
        for dtype in dtypes
    },
    "lowest variance": float(after["float32"]["constant"][-2].min()),
    "fused": len(calls),
    "replaced twice": keras.layers.BatchNormalization.call is not ours,
}))
"""

FUSED = {"images", "rows", "texts", "volumes", "no scale", "no center", "neither", "one value",
         "constant"}  # fmt: skip
AS_BEFORE = {"channels first", "renorm", "frozen", "double"}


@pytest.fixture(scope="module", params=["tensorflow", "torch"])
def found(request, told_by):
    pytest.importorskip(request.param)
    return told_by(SCRIPT, request.param)


@pytest.mark.parametrize(
    ("dtype", "tolerance"), [("float32", 2e-5), ("mixed_bfloat16", 2e-2), ("mixed_float16", 4e-3)]
)
def test_values_gradients_and_moving_averages_are_those_of_keras(found, dtype, tolerance):
    furthest = found["furthest"][dtype]
    assert set(furthest) == FUSED | AS_BEFORE
    assert {name: value for name, value in furthest.items() if not value <= tolerance} == {}


def test_what_cannot_be_one_operation_is_left_to_keras(found):
    for furthest in found["furthest"].values():
        assert {furthest[name] for name in AS_BEFORE} == {0.0}
    assert found["fused"] == 3 * len(FUSED)


def test_a_variance_is_never_below_zero(found):
    assert found["lowest variance"] >= 0


def test_it_takes_the_place_of_keras_own_once(found):
    assert not found["replaced twice"]
