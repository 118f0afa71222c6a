"""Mixup and CutMix: pixels and label weights belong together, and weights follow Beta."""

import numpy as np
import pytest
from small_tasks import one_hot

from fmtool.augment.stages import pipeline
from fmtool.augment.stages.beta import thresholds
from fmtool.elements import Pixels


def partners(values):
    """Each sample's partner is the one before it."""
    return np.roll(values, 1, axis=0)


def own_share(labels, distributions):
    """The weight of the own label, where the partner has another one."""
    differs = labels != partners(labels)
    return distributions[np.arange(len(labels)), labels][differs], differs


@pytest.mark.parametrize("alpha", [0.1, 0.2, 0.5, 1.0, 2.0, 16.0])
def test_the_thresholds_are_the_distribution_function_of_beta(alpha):
    drawn = np.sort(np.random.default_rng(0).beta(alpha, alpha, 200_000))
    below = np.searchsorted(drawn, (np.arange(256) + 0.5) / 256) / len(drawn)
    computed = thresholds(alpha)
    assert computed.dtype == np.float32
    assert np.all(np.diff(computed) >= 0)
    assert np.abs(computed - below).max() < 0.004


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_quantiles_of_the_weights_are_those_of_simulated_ones(option, applied, batch, alpha):
    cfg = option("none", mixup=alpha)
    images, labels, uniforms = batch(cfg, 20_000, (2, 2, 1))
    weights, _ = own_share(labels, applied(cfg, images, labels, uniforms)[1])
    simulated = np.random.default_rng(1).beta(alpha, alpha, 200_000)
    points = np.linspace(0.02, 0.98, 25)
    # Probabilities are compared: near 0 and 1 a small alpha has a quantile for many of them.
    for value in np.unique(np.round(np.quantile(simulated, points) * 256 - 0.5)) / 256 + 0.5 / 256:
        assert (weights < value).mean() == pytest.approx((simulated < value).mean(), abs=0.015)


def test_a_uniform_weight_is_its_uniform_rounded(option, applied, batch):
    cfg = option("none", mixup=1.0)
    images, labels, uniforms = batch(cfg, 500, (2, 2, 1))
    weights, differs = own_share(labels, applied(cfg, images, labels, uniforms)[1])
    expected = np.floor(uniforms[differs, 1] * 256 + 0.5) / 256
    np.testing.assert_array_equal(weights, expected)


@pytest.mark.parametrize("alpha", [0.2, 1.0])
def test_mixup_blends_pixels_as_it_does_labels_rounded_to_nearest(option, applied, batch, alpha):
    cfg = option("none", mixup=alpha)
    images, labels, uniforms = batch(cfg, 200, (5, 4, 3))
    output, distributions = applied(cfg, images, labels, uniforms)
    weights, differs = own_share(labels, distributions)
    shares = weights.astype(float)[:, None, None, None]
    exact = images[differs] * shares + partners(images)[differs] * (1 - shares)
    assert output.dtype == np.uint8
    np.testing.assert_array_equal(output[differs], np.floor(exact + 0.5))


def test_cutmix_weighs_labels_by_the_area_that_is_left(option, applied, batch):
    cfg = option("none", cutmix=1.0)
    images, labels, uniforms = batch(cfg, 400, (9, 14, 3))
    output, distributions = applied(cfg, images, labels, uniforms)
    is_pasted = (output != images).any(axis=-1)
    np.testing.assert_array_equal(output[is_pasted], partners(images)[is_pasted])
    weights, differs = own_share(labels, distributions)
    # Of three random channels one in 2**24 pixels is the same in both images.
    np.testing.assert_allclose(weights, 1 - is_pasted.mean(axis=(1, 2))[differs], atol=1e-6)
    assert 0.2 < 1 - weights.mean() < 0.45


def test_the_box_of_cutmix_is_as_large_as_drawn_unless_it_is_clipped(option, applied, batch):
    cfg = option("none", cutmix=1.0)
    images, labels, uniforms = batch(cfg, 50, (40, 40, 3))
    uniforms[:, 2:] = 0.5
    output, _ = applied(cfg, images, labels, uniforms)
    share = (output != images).any(axis=-1).mean(axis=(1, 2))
    np.testing.assert_allclose(np.sqrt(share), np.sqrt(1 - uniforms[:, 1]), atol=2 / 40)


@pytest.mark.parametrize(
    "keys", [{"mixup": 0.2}, {"cutmix": 1.0}, {"mixup": 0.4, "cutmix": 1.0, "mix_probability": 0.7}]
)
def test_labels_come_out_as_distributions_over_own_and_partner(option, applied, batch, keys):
    cfg = option("none", **keys)
    images, labels, uniforms = batch(cfg, 300, (6, 6, 3))
    _, distributions = applied(cfg, images, labels, uniforms)
    assert (distributions.dtype, distributions.shape) == (np.float32, (300, 10))
    np.testing.assert_allclose(distributions.sum(axis=1), 1, atol=1e-6)
    rows = np.arange(300)
    distributions[rows, labels] = distributions[rows, partners(labels)] = 0
    assert not distributions.any()


def test_mix_probability_leaves_the_other_images_as_they_are(option, applied, batch):
    cfg = option("none", mixup=8.0, mix_probability=0.3)
    images, labels, uniforms = batch(cfg, 2000, (4, 4, 1))
    output, distributions = applied(cfg, images, labels, uniforms)
    is_mixed = (output != images).any(axis=(1, 2, 3))
    assert is_mixed.mean() == pytest.approx(0.3, abs=0.03)
    np.testing.assert_array_equal(distributions[~is_mixed], np.eye(10)[labels[~is_mixed]])


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_where_both_are_on_cutmix_takes_its_share(option, applied, batch, share):
    cfg = option("none", mixup=16.0, cutmix=16.0, cutmix_share=share, mix_probability=0.8)
    images, labels, uniforms = batch(cfg, 2000, (8, 8, 3))
    output, _ = applied(cfg, images, labels, uniforms)
    is_own = (output == images).all(axis=-1)
    is_either = is_own | (output == partners(images)).all(axis=-1)
    is_mixed = ~is_own.all(axis=(1, 2))
    is_pasted = is_mixed & is_either.all(axis=(1, 2))
    assert is_mixed.mean() == pytest.approx(0.8, abs=0.03)
    assert is_pasted.sum() / is_mixed.sum() == pytest.approx(share, abs=0.04)


@pytest.mark.parametrize("keys", [{}, {"mixup": 0.2, "mix_probability": 0.0}])
def test_labels_stay_numbers_where_nothing_mixes(option, applied, batch, keys):
    cfg = option("flip_crop", **keys)
    images, labels, uniforms = batch(cfg, 20, (8, 8, 1))
    assert not pipeline.build(cfg, Pixels((8, 8, 1)), one_hot(10)).mixes
    _, same_labels = applied(cfg, images, labels, uniforms)
    assert same_labels.dtype == np.int32
    np.testing.assert_array_equal(same_labels, labels)


def test_mixing_says_that_it_mixes(option):
    assert pipeline.build(option("none", mixup=0.2), Pixels((8, 8, 1)), one_hot(10)).mixes
    assert pipeline.build(option("none", cutmix=1.0), Pixels((8, 8, 1)), one_hot(10)).mixes


def test_nothing_at_all_is_no_pipeline(option):
    assert pipeline.build(option("none"), Pixels((8, 8, 3)), one_hot(10)) is None
    assert (
        pipeline.build(
            option("flip_crop", horizontal_flip=False, crop_padding=0),
            Pixels((8, 8, 3)),
            one_hot(10),
        )
        is None
    )
