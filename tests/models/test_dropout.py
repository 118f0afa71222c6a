"""Dropout of feature maps: what becomes zero together, how much of it, and what is left."""

import keras
import numpy as np
import pytest
from small_models import classifier

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.elements import Pixels
from fmtool.evaluation.measure import load_model
from fmtool.models.layers import blocks

SIDE, CHANNELS, SAMPLES = 12, 8, 64
RATE = 0.2
ONES = np.ones((SAMPLES, SIDE, SIDE, CHANNELS), np.float32)


def dropping(kind, block_size=3, rate=RATE, shape=ONES.shape[1:]):
    keras.utils.set_random_seed(0)
    inputs = keras.Input(shape)
    return keras.Model(inputs, blocks.feature_dropout(inputs, rate, kind, block_size))


def trained(model, images=ONES):
    return keras.ops.convert_to_numpy(model(images, training=True))


def expected_share(side, block_size, rate):
    """Of the zeros where squares lie anywhere inside, and overlap."""
    places = side - block_size + 1
    corner_rate = rate * side**2 / (block_size**2 * places**2)
    covering = np.convolve(np.ones(places), np.ones(block_size))
    return 1 - np.mean((1 - corner_rate) ** np.outer(covering, covering))


def squares(dropped, side):
    """Where the corner of a square of zeros is, (height, width)."""
    windows = np.lib.stride_tricks.sliding_window_view(dropped, (side, side))
    return windows.all(axis=(2, 3))


@pytest.mark.parametrize("block_size", [1, 3, 4])
def test_the_share_of_zeros_is_that_of_the_squares_of_the_paper(block_size):
    zeros = trained(dropping("block", block_size)) == 0
    assert zeros.mean() == pytest.approx(expected_share(SIDE, block_size, RATE), abs=0.01)


@pytest.mark.parametrize("block_size", [2, 5])
def test_zeros_lie_in_whole_squares_within_the_image(block_size):
    zeros = trained(dropping("block", block_size)) == 0
    for sample in zeros[:8]:
        for channel in np.moveaxis(sample, -1, 0):
            covered = np.zeros_like(channel)
            for row, column in np.argwhere(squares(channel, block_size)):
                covered[row : row + block_size, column : column + block_size] = True
            np.testing.assert_array_equal(covered, channel)


def test_channels_and_samples_lose_squares_of_their_own():
    zeros = trained(dropping("block")) == 0
    maps = np.moveaxis(zeros, -1, 1).reshape(-1, SIDE * SIDE)
    assert len(np.unique(maps, axis=0)) > 0.9 * len(maps)


def test_what_is_left_is_scaled_by_what_was_dropped_of_the_batch():
    output = trained(dropping("block"))
    kept = output[output != 0]
    np.testing.assert_allclose(kept, 1 / (output != 0).mean(), rtol=1e-5)
    assert output.mean() == pytest.approx(1, rel=1e-5)


def test_a_square_larger_than_the_image_is_all_of_a_channel():
    output = trained(dropping("block", 99))
    zeros = (output == 0).reshape(SAMPLES, -1, CHANNELS)
    assert (zeros.all(axis=1) | ~zeros.any(axis=1)).all()
    assert zeros.mean() == pytest.approx(RATE, abs=0.06)


def test_nothing_is_left_of_a_batch_that_is_dropped_as_a_whole():
    output = trained(dropping("block", 2, rate=0.99, shape=(2, 2, 1)), np.ones((1, 2, 2, 1)))
    assert np.isfinite(output).all()


def test_spatial_dropout_drops_channels():
    output = trained(dropping("spatial"))
    per_channel = output.reshape(SAMPLES, -1, CHANNELS)
    assert (per_channel == per_channel[:, :1]).all()
    assert (output == 0).mean() == pytest.approx(RATE, abs=0.06)


def test_standard_dropout_drops_values():
    output = trained(dropping("standard"))
    assert (output == 0).mean() == pytest.approx(RATE, abs=0.02)
    assert not (output == output[:, :1, :1]).all()


@pytest.mark.parametrize("kind", ["standard", "spatial", "block"])
def test_without_training_the_images_stay_to_the_bit(kind):
    images = np.random.default_rng(0).normal(size=(3, 7, 5, 2)).astype(np.float32)
    output = dropping(kind, shape=(7, 5, 2))(images, training=False)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(output), images)


@pytest.mark.parametrize("kind", ["standard", "spatial", "block"])
def test_a_rate_of_0_is_no_layer_at_all(kind):
    assert len(dropping(kind, rate=0.0).operations) == 1


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("cnn", {"filters": [4, 8], "convolution_dropout": 0.3, "block_size": 3}),
        ("resnet", {"depth": 8, "dropout": 0.3}),
        ("densenet", {"layers_per_block": [2], "growth_rate": 4, "dropout": 0.3}),
    ],
)
def test_a_model_with_blocks_is_saved_and_loaded_by_plain_keras(name, keys, tmp_path):
    values = compose("train", [f"model={name}"])["model"] | keys | {"dropout_kind": "block"}
    cfg = validate.option("model", values)
    model = classifier(cfg, Pixels((28, 28, 1)))
    images = np.random.default_rng(0).random((4, 28, 28, 1), dtype=np.float32)
    path = tmp_path / "model.keras"
    model.save(path)
    logits = keras.ops.convert_to_numpy(model(images, training=False))
    for again in (load_model(path), keras.saving.load_model(path)):
        found = keras.ops.convert_to_numpy(again(images, training=False))
        assert np.array_equal(found, logits)
        dropped = keras.ops.convert_to_numpy(again(images, training=True))
        assert not np.array_equal(dropped, logits)
