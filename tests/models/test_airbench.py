"""The network of the speed records: its size, its first weights, and what becomes of them."""

from functools import cache

import keras
import numpy as np
import pytest
from small_models import classification, classifier

from fmtool import registry, validate
from fmtool.config.compose import compose
from fmtool.elements import Pixels
from fmtool.errors import UsageError
from fmtool.models.layers import initializers
from fmtool.models.layers.whitening import patch_covariance, whitening_filters
from fmtool.safety import model_file
from fmtool.training import network

AIRBENCH = registry.module("model", "airbench")
SMALL = {"widths": [6]}
DIGITS = (8, 8, 1)


def config(**keys):
    return validate.option("model", compose("train", ["model=airbench"])["model"] | keys)


def build(shape=DIGITS, classes=10, **keys):
    return classifier(config(**keys), Pixels(shape), classes)


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


@cache
def digits():
    """The embedded set's config and splits."""
    cfg = validate.option("data", compose("train", ["data=digits"])["data"])
    return cfg, registry.module("data", "digits").load(cfg)


def digit_images(count=400):
    return digits()[1].train.x[:count].astype(np.float32) / 16 - 0.3


@pytest.mark.parametrize(
    ("widths", "convs", "millions"),
    [
        ([64, 128, 128], 2, 0.57),
        ([64, 256, 256], 2, 1.97),
        ([128, 384, 384], 2, 4.61),
        ([128, 384, 512], 3, 9.92),
    ],
)
def test_the_published_sizes_have_the_published_number_of_parameters(widths, convs, millions):
    model = build((32, 32, 3), widths=widths, convs_per_group=convs)
    assert round(model.count_params() / 1e6, 2) == millions


def test_the_parameters_of_a_small_one_are_those_counted_by_hand():
    whitening, first, second = 2 * 2 * 8 + 8, 9 * 8 * 6, 9 * 6 * 6
    norms, head = 2 * 3 * 6, 6 * 3
    assert build(classes=3, **SMALL).count_params() == whitening + first + second + norms + head


def test_whitened_patches_of_real_images_have_covariance_one():
    images = digit_images()
    kernel = whitening_filters(images, size=2, epsilon=0.0)
    out = array(keras.ops.conv(images, kernel, padding="valid"))[..., :4].reshape(-1, 4)
    np.testing.assert_allclose(out.T @ out / len(out), np.eye(4), atol=1e-3)


def test_whitened_patches_of_correlated_colours_have_covariance_one():
    mixing = np.array([[1, 0.8, 0.6], [0, 0.5, 0.3], [0, 0, 0.2]])
    images = (np.random.default_rng(0).normal(size=(300, 9, 7, 3)) @ mixing).astype(np.float32)
    kernel = whitening_filters(images, size=2, epsilon=0.0).reshape(12, 24)[:, :12].astype(float)
    covariance = kernel.T @ patch_covariance(images, 2) @ kernel
    np.testing.assert_allclose(covariance, np.eye(12), atol=1e-3)


def test_the_second_half_of_the_whitening_filters_is_the_first_one_negated():
    kernel = whitening_filters(digit_images(), size=2, epsilon=5e-4)
    assert kernel.shape == (2, 2, 1, 8)
    np.testing.assert_array_equal(kernel[..., 4:], -kernel[..., :4])


def test_directions_without_variance_are_damped_by_epsilon():
    kernel = whitening_filters(np.ones((3, 8, 8, 1), np.float32), size=2, epsilon=0.01)
    assert np.linalg.norm(kernel.reshape(4, 8), axis=0).max() == pytest.approx(10.0, rel=1e-4)


def test_the_network_of_a_run_is_whitened_by_its_normalised_training_images():
    cfg, splits = digits()
    rows = np.arange(0, 600, 2, dtype=np.int32)
    scale, offset = network.scaling(config(), cfg, splits, rows)
    whole = network.build(
        config(**SMALL), splits, rows, (scale, offset), classification(10), needs="vector"
    )
    core = whole.get_layer("backbone")
    images = (splits.train.x[rows] * scale + offset).astype(np.float32)
    expected = whitening_filters(images, size=2, epsilon=5e-4)
    np.testing.assert_allclose(
        array(core.get_layer("whitening").kernel), expected, rtol=1e-4, atol=1e-5
    )


def test_a_partly_identical_kernel_passes_the_channels_it_has_and_keeps_the_rest():
    layer = keras.layers.Conv2D(5, 3, padding="same", use_bias=False)
    images = np.random.default_rng(0).normal(size=(2, 4, 4, 3)).astype(np.float32)
    layer.build(images.shape)
    before = array(layer.kernel).copy()
    initializers.make_partly_identity(layer.kernel)
    np.testing.assert_array_equal(array(layer(images))[..., :3], images)
    np.testing.assert_array_equal(array(layer.kernel)[..., 3:], before[..., 3:])


@pytest.mark.parametrize(("inputs", "outputs"), [(4, 9), (9, 4)])
def test_an_output_channel_is_a_whole_copy_or_all_random(inputs, outputs):
    kernel = keras.Variable(np.full((3, 3, inputs, outputs), 0.5, np.float32))
    initializers.make_partly_identity(kernel)
    copies = [np.abs(array(kernel)[..., j]).sum() == 1 for j in range(outputs)]
    assert copies == [j < inputs for j in range(outputs)]


def test_random_weights_lie_within_one_by_the_root_of_the_inputs():
    kernel = array(build((32, 32, 3)).get_layer("group1_conv1").kernel)[..., 24:]
    bound = 1 / np.sqrt(9 * 24)
    assert 0.99 * bound < np.abs(kernel).max() <= bound


@pytest.mark.parametrize(("whitening", "is_trained"), [(True, False), (False, True)])
def test_training_leaves_the_whitening_kernel_and_moves_its_bias(whitening, is_trained):
    model = build(whitening=whitening, **SMALL)
    layer = model.get_layer("whitening")
    kernel, bias = array(layer.kernel).copy(), array(layer.bias).copy()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss=loss)
    model.fit(digit_images(32), digits()[1].train.y[:32], verbose=0)
    assert np.array_equal(array(layer.kernel), kernel) is not is_trained
    assert not np.array_equal(array(layer.bias), bias)


def test_with_three_convolutions_the_first_one_is_added_before_the_last_activation():
    model = build(convs_per_group=3, **SMALL)
    model.get_layer("group1_conv3").kernel.assign(np.zeros((3, 3, 6, 6), np.float32))
    third, total, first = (
        model.get_layer(f"group1_{name}").output for name in ("norm3", "sum", "norm1")
    )
    shortcut = keras.ops.gelu(first, approximate=True)
    seen = keras.Model(model.input, [third, total, shortcut])(digit_images(4))
    nothing, total, expected = (array(each) for each in seen)
    assert not nothing.any()
    np.testing.assert_allclose(total, expected, rtol=1e-5, atol=1e-6)


def test_the_logits_are_float32_and_scaled():
    images = digit_images(4)
    plain, scaled = build(**SMALL, logit_scale=1.0), build(**SMALL, logit_scale=0.25)
    scaled.set_weights(plain.get_weights())
    assert array(scaled(images)).dtype == np.float32
    np.testing.assert_allclose(array(scaled(images)), array(plain(images)) / 4, rtol=1e-5)


def test_the_scale_of_batch_normalization_is_fixed_and_its_shift_is_learned():
    names = {variable.path for variable in build(**SMALL).trainable_variables}
    assert "group1_norm1/beta" in names
    assert not any("gamma" in name for name in names)


@pytest.mark.parametrize("shape", [(28, 28, 1), (25, 40, 3), (64, 64, 3)])
def test_images_of_other_sizes_fit(shape):
    model = build(shape, widths=[4, 4, 4])
    assert array(model(np.ones((2, *shape), np.float32))).shape == (2, 10)


def test_an_image_too_small_for_the_groups_is_a_mistake_of_the_user():
    with pytest.raises(UsageError, match=r"3 groups needs images of 25x25 pixels or more, not 24x"):
        build((24, 28, 1))


@pytest.mark.parametrize("convs", [2, 3])
def test_a_saved_one_passes_the_scanner_and_gives_equal_logits(tmp_path, convs):
    cfg, splits = digits()
    rows = np.arange(100, dtype=np.int32)
    scaling = network.scaling(config(), cfg, splits, rows)
    cfg, task = config(convs_per_group=convs, **SMALL), classification(10)
    model = network.build(cfg, splits, rows, scaling, task, needs="vector")
    path = tmp_path / "model.keras"
    model.save(path)
    assert model_file.check(path, registered=()).is_plain_keras
    loaded = keras.models.load_model(path, compile=False)
    images = splits.test.x[:20]
    np.testing.assert_array_equal(array(loaded(images)), array(model(images)))


ON_DIGITS = (
    "model=airbench",
    "model.widths=[16]",
    "data=digits",
    "optimizer=muon_sgd",
    "optimizer.sgd_lr_ratio=6.9",
    "++optimizer.learning_rate_factors={beta$|whitening:16}",
    "++optimizer.freeze_after={whitening:1}",
    "schedule=polynomial",
    "epochs=4",
    "logging=quiet",
)


@pytest.mark.parametrize(
    "backend",
    [
        "tensorflow",
        pytest.param("jax", marks=pytest.mark.slow),
        pytest.param("torch", marks=pytest.mark.slow),
    ],
)
def test_four_epochs_with_muon_know_the_digits(fmtool, backend):
    outcome = fmtool("train", *ON_DIGITS, f"runtime.backend={backend}", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["metrics"]["accuracy"] > 0.9
