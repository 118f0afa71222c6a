"""Flips and crops equal a plain NumPy loop, pixel for pixel."""

import re
from pathlib import Path
from types import ModuleType

import keras
import numpy as np
import pytest
from pydantic import ValidationError
from small_tasks import one_hot

from fmtool import registry
from fmtool.augment.base import AugmentConfig, Stage
from fmtool.augment.stages import pipeline
from fmtool.elements import Pixels
from fmtool.errors import UsageError
from fmtool.training.step.order import flip_coins

LARGEST_BELOW_1 = np.float32(1) - np.float32(2) ** -24


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


@pytest.mark.parametrize("padding_mode", ["reflect", "zeros"])
@pytest.mark.parametrize(("flip", "padding"), [(True, 2), ("alternating", 0), (False, 3)])
@pytest.mark.parametrize("shape", [(5, 9, 1), (9, 5, 3)])
def test_a_batch_equals_the_images_one_by_one(
    option, applied, batch, padding_mode, flip, padding, shape
):
    cfg = option("flip_crop", horizontal_flip=flip, crop_padding=padding, padding_mode=padding_mode)
    for count in (64, 7):
        images, labels, uniforms = batch(cfg, count, shape)
        output, same_labels = applied(cfg, images, labels, uniforms)
        assert output.dtype == np.uint8
        np.testing.assert_array_equal(output, one_by_one(cfg, images, uniforms))
        np.testing.assert_array_equal(same_labels, labels)


@pytest.mark.parametrize("padding_mode", ["reflect", "zeros"])
@pytest.mark.parametrize("extreme", [0.0, LARGEST_BELOW_1])
def test_the_extreme_uniforms_stay_inside_the_padding(
    option, applied, batch, padding_mode, extreme
):
    for padding in (1, 4, 7):
        cfg = option("flip_crop", crop_padding=padding, padding_mode=padding_mode)
        images, labels, uniforms = batch(cfg, 2, (8, 8, 1))
        uniforms[:] = extreme
        output, _ = applied(cfg, images, labels, uniforms)
        np.testing.assert_array_equal(output, one_by_one(cfg, images, uniforms))


def test_the_yaml_pads_by_four_reflects_and_flips(option):
    cfg = option("flip_crop")
    assert (cfg.horizontal_flip, cfg.crop_padding, cfg.padding_mode) == (True, 4, "reflect")


@pytest.mark.parametrize("flip", [True, "alternating"])
@pytest.mark.parametrize(("padding", "needed"), [(4, 3), (0, 1)])
def test_a_flip_needs_one_uniform_and_a_crop_two(option, flip, padding, needed):
    cfg = option("flip_crop", horizontal_flip=flip, crop_padding=padding)
    built = pipeline.build(cfg, Pixels((8, 8, 3)), one_hot(10))
    assert (built.draws, built.alternates) == (needed, flip == "alternating")


def test_flips_alternate_with_the_coins_of_two_epochs(option, applied, batch):
    cfg = option("none", horizontal_flip="alternating")
    images, labels, _ = batch(cfg, 64, (5, 9, 3))
    rows = np.arange(64, dtype=np.int32)
    first, second = (
        applied(cfg, images, labels, flip_coins(rows, seed=0, epoch=epoch)[:, None])[0]
        for epoch in (0, 1)
    )
    is_flipped = np.array([not np.array_equal(*pair) for pair in zip(first, images, strict=True)])
    assert 20 < is_flipped.sum() < 44
    np.testing.assert_array_equal(first, second[:, :, ::-1])


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others compile whole steps")
def test_tensorflow_has_xla_compile_it(option, batch):
    import tensorflow as tf

    cfg = option("randaugment")
    images, labels, uniforms = batch(cfg, 4, (8, 8, 3))
    built = pipeline.build(cfg, Pixels((8, 8, 3)), one_hot(10))
    step = tf.function(built.apply).get_concrete_function(images, labels, uniforms)
    calls = [each for each in step.graph.get_operations() if "Call" in each.type]
    assert [each.get_attr("_XlaMustCompile") for each in calls] == [True]


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others compile whole steps")
def test_a_policy_of_ones_own_may_hold_what_xla_cannot_compile(option, applied, monkeypatch):
    import tensorflow as tf

    def darkened(images, uniforms):
        return tf.numpy_function(lambda each: each // 2, [images], tf.uint8)

    own = ModuleType("dark")
    own.Config, own.policy = AugmentConfig, lambda *_: Stage(0, darkened)
    own.__file__ = "dark.py"
    monkeypatch.setattr(registry, "_plugins", {("augment", "dark"): own})
    cfg = option("flip_crop").model_copy(update={"name": "dark"})
    images = np.arange(2 * 8 * 8, dtype=np.uint8).reshape(2, 8, 8, 1)
    uniforms = np.full((2, 3), 0.5, dtype=np.float32)
    output, _ = applied(cfg, images, np.zeros(2, np.int32), uniforms)
    np.testing.assert_array_equal(output, images // 2)


def test_reflecting_further_than_the_image_is_refused(option):
    with pytest.raises(UsageError, match=r"crop_padding 5 cannot reflect images 5 pixels wide"):
        pipeline.build(option("flip_crop", crop_padding=5), Pixels((8, 5, 3)), one_hot(10))


def test_an_unknown_padding_mode_is_refused(option):
    with pytest.raises(ValidationError, match="padding_mode"):
        option("flip_crop", padding_mode="edge")


def test_the_page_on_augmentation_names_every_option_and_key():
    page = (Path(__file__).parents[2] / "docs" / "augmentation.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", page))
    options = registry.names("augment")
    keys = {key for name in options for key in registry.module("augment", name).Config.model_fields}
    assert {*options, *keys} - {"name"} <= named
