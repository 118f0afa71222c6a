"""Architectures against parameter counts by hand, and their output."""

import numpy as np
import pytest
from small_models import classifier

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.elements import Pixels
from fmtool.errors import UsageError

CIFAR, DIGITS = (32, 32, 3), (8, 8, 1)


def build(name, shape=DIGITS, classes=10, **keys):
    cfg = validate.option("model", compose("train", [f"model={name}"])["model"] | keys)
    return classifier(cfg, Pixels(shape), classes)


def test_the_parameters_of_the_cnn_are_those_counted_by_hand():
    first, second = 3 * 3 * 3 * 32 + 32, 3 * 3 * 32 * 64 + 64
    dense, logits = 8 * 8 * 64 * 128 + 128, 128 * 10 + 10
    assert build("cnn", CIFAR).count_params() == first + second + dense + logits == 545_098


def test_the_parameters_of_the_mlp_are_those_counted_by_hand():
    expected = 3072 * 256 + 256 + 256 * 128 + 128 + 128 * 10 + 10
    assert build("mlp", CIFAR).count_params() == expected


@pytest.mark.parametrize(
    ("keys", "parameters"),
    [
        ({"padding": "valid", "filters": [4], "dense_units": []}, 40 + 3 * 3 * 4 * 10 + 10),
        ({"pooling": "none", "filters": [4], "dense_units": []}, 40 + 8 * 8 * 4 * 10 + 10),
        ({"filters": [4], "dense_units": [], "normalization": "batch"}, 40 + 16 + 640 + 10),
        ({"filters": [4], "dense_units": [], "normalization": "layer"}, 40 + 8 + 640 + 10),
        ({"filters": [], "dense_units": []}, 640 + 10),
        ({"filters": [4], "kernel_size": 5, "dense_units": [], "dropout": 0.5}, 104 + 640 + 10),
    ],
)
def test_each_key_of_the_cnn_does_what_it_says(keys, parameters):
    assert build("cnn", **keys).count_params() == parameters


@pytest.mark.parametrize("name", ["cnn", "mlp"])
def test_the_output_is_one_float32_logit_a_class(name):
    import keras

    output = build(name, classes=3)(np.ones((2, *DIGITS), np.float32))
    logits = keras.ops.convert_to_numpy(output)
    assert (logits.shape, logits.dtype) == ((2, 3), np.float32)
    assert not np.allclose(logits.sum(axis=1), 1)


def test_the_same_seed_builds_the_same_weights():
    import keras

    built = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        built.append(build("cnn").get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*built, strict=True))


@pytest.mark.parametrize(
    "keys", [{"filters": [4] * 4}, {"padding": "valid", "filters": [4, 4, 4]}, {
        "padding": "valid", "kernel_size": 9, "filters": [4], "pooling": "none",
    }],
)  # fmt: skip
def test_a_cnn_that_leaves_no_pixel_is_a_mistake_of_the_user(keys):
    with pytest.raises(UsageError, match=r"model.filters: block \d of \d leaves no pixel"):
        build("cnn", **keys)
