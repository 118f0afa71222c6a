"""Flips and crops equal a plain NumPy loop, pixel for pixel."""

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from fmtool.augment import flip_crop, none
from fmtool.errors import UsageError

LARGEST_BELOW_1 = np.float32(1) - np.float32(2) ** -24


def compiled(function):
    """`function` as a training step of this backend runs it, for batches of any size."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function, reduce_retracing=True)
    if keras.backend.backend() == "jax":
        import jax

        return jax.jit(function)
    return function


def one_by_one(cfg, images, uniforms):
    """The definition: pad, cut a window out, mirror it; image after image."""
    mode = {"reflect": "reflect", "zeros": "constant"}[cfg.padding_mode]
    padding = cfg.crop_padding
    result = np.empty_like(images)
    for index, (image, u) in enumerate(zip(images, uniforms, strict=True)):
        height, width, _ = image.shape
        if padding:
            padded = np.pad(image, ((padding, padding), (padding, padding), (0, 0)), mode)
            top, left = (u[-2:] * np.float32(2 * padding + 1)).astype(int)
            image = padded[top : top + height, left : left + width]  # noqa: PLW2901
        result[index] = image[:, ::-1] if cfg.horizontal_flip and u[0] < 0.5 else image
    return result


def batch(cfg, count, shape, seed=0):
    rng = np.random.default_rng(seed)
    uniforms = rng.random((count, flip_crop.draws(cfg)), dtype=np.float32)
    return rng.integers(0, 256, (count, *shape), dtype=np.uint8), uniforms


@pytest.mark.parametrize("padding_mode", ["reflect", "zeros"])
@pytest.mark.parametrize(("flip", "padding"), [(True, 2), (True, 0), (False, 3)])
@pytest.mark.parametrize("shape", [(5, 9, 1), (9, 5, 3)])
def test_a_batch_equals_the_images_one_by_one(option, padding_mode, flip, padding, shape):
    cfg = option("flip_crop", horizontal_flip=flip, crop_padding=padding, padding_mode=padding_mode)
    augment = compiled(flip_crop.build(cfg, shape))
    for count in (64, 7):
        images, uniforms = batch(cfg, count, shape)
        output = augment(keras.ops.convert_to_tensor(images), keras.ops.convert_to_tensor(uniforms))
        assert keras.backend.standardize_dtype(output.dtype) == "uint8"
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(output), one_by_one(cfg, images, uniforms)
        )


@pytest.mark.parametrize("padding_mode", ["reflect", "zeros"])
@pytest.mark.parametrize("extreme", [0.0, LARGEST_BELOW_1])
def test_the_extreme_uniforms_stay_inside_the_padding(option, padding_mode, extreme):
    for padding in (1, 4, 7):
        cfg = option("flip_crop", crop_padding=padding, padding_mode=padding_mode)
        images, uniforms = batch(cfg, 2, (8, 8, 1))
        uniforms[:] = extreme
        output = flip_crop.build(cfg, (8, 8, 1))(
            keras.ops.convert_to_tensor(images), keras.ops.convert_to_tensor(uniforms)
        )
        np.testing.assert_array_equal(
            keras.ops.convert_to_numpy(output), one_by_one(cfg, images, uniforms)
        )


def test_the_yaml_pads_by_four_reflects_and_flips(option):
    cfg = option("flip_crop")
    assert (cfg.horizontal_flip, cfg.crop_padding, cfg.padding_mode) == (True, 4, "reflect")


@pytest.mark.parametrize(("flip", "padding", "needed"), [(True, 4, 3), (True, 0, 1), (False, 4, 2)])
def test_draws_counts_the_uniforms_of_one_image(option, flip, padding, needed):
    assert (
        flip_crop.draws(option("flip_crop", horizontal_flip=flip, crop_padding=padding)) == needed
    )


def test_an_augmentation_that_does_nothing_is_none(option):
    idle = option("flip_crop", horizontal_flip=False, crop_padding=0)
    assert flip_crop.draws(idle) == 0
    assert flip_crop.build(idle, (8, 8, 3)) is None
    assert none.draws(option("none")) == 0
    assert none.build(option("none"), (8, 8, 3)) is None


def test_reflecting_further_than_the_image_is_refused(option):
    with pytest.raises(UsageError, match=r"crop_padding 5 cannot reflect images 5 pixels wide"):
        flip_crop.build(option("flip_crop", crop_padding=5), (8, 5, 3))


def test_an_unknown_padding_mode_is_refused(option):
    with pytest.raises(ValidationError, match="padding_mode"):
        option("flip_crop", padding_mode="edge")
