"""Max-pooling on JAX with a gradient of its own gives the bits of Keras'."""

import pytest

SCRIPT = """
import json, os, sys
os.environ["KERAS_BACKEND"] = "jax"
sys.modules["tensorflow"] = None
import jax, jax.numpy as jnp, keras, numpy as np
from keras.src.backend.jax import nn
from fmtool.kernels import jax_pooling

cases = {
    "side by side": ((4, 8, 8, 5), 2, 2, "valid"),
    "rest left out": ((4, 31, 30, 3), 2, 2, "valid"),
    "not square": ((2, 9, 8, 3), (3, 2), (3, 2), "valid"),
    "same without a rest": ((3, 8, 8, 4), 2, 2, "same"),
    "same with a rest": ((2, 9, 9, 3), 2, 2, "same"),
    "overlapping": ((2, 9, 9, 3), 3, 2, "same"),
    "large": ((2, 10, 10, 3), 5, 5, "valid"),
}

def results(dtype):
    found = {}
    for name, (shape, *settings) in cases.items():
        # Few values, so that most windows have several largest ones.
        images = jnp.asarray(np.random.default_rng(0).integers(-3, 3, shape), dtype)
        def total(images):
            pooled = keras.ops.max_pool(images, *settings, data_format="channels_last")
            weights = jnp.arange(1, pooled.size + 1).reshape(pooled.shape)
            return (pooled.astype("float32") * weights).sum(), pooled
        gradient, pooled = jax.jit(jax.grad(total, has_aux=True))(images)
        found[name] = np.asarray(pooled, "float32"), np.asarray(gradient, "float32")
    return found

def scatters():
    def total(images):
        return keras.ops.max_pool(images, 2, 2, data_format="channels_last").sum()
    return "select_and_scatter" in jax.jit(jax.grad(total)).lower(jnp.ones((2, 8, 8, 3))).as_text()

before, scattered = [results(dtype) for dtype in ("float32", "bfloat16")], scatters()
original = nn.max_pool
jax_pooling.use()
ours = nn.max_pool
jax_pooling.use()
after = [results(dtype) for dtype in ("float32", "bfloat16")]
print(json.dumps({
    "equal": {
        name: all(
            bool((a == b).all())
            for old, new in zip(before, after)
            for a, b in zip(old[name], new[name])
        )
        for name in cases
    },
    "scattered": scattered,
    "scatters": scatters(),
    "replaced twice": nn.max_pool is not ours,
}))
"""


@pytest.fixture(scope="module")
def found(told_by):
    return told_by(SCRIPT)


def test_values_and_gradients_are_those_of_keras(found):
    assert len(found["equal"]) == 7
    assert all(found["equal"].values()), found["equal"]


def test_the_gradient_of_windows_side_by_side_is_no_scatter(found):
    assert (found["scattered"], found["scatters"]) == (True, False)


def test_it_is_put_in_once(found):
    assert found["replaced twice"] is False
