"""Each operation of RandAugment and TrivialAugment gives what Pillow gives, on real pictures."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps
from pydantic import ValidationError
from small_tasks import one_hot

from fmtool.augment.stages import pipeline, policy_layer
from fmtool.augment.stages.policy_layer import OPERATIONS
from fmtool.augment.stages.strengths import Strengths
from fmtool.elements import Pixels

WIDE = Strengths(shear=0.99, translate=(32, 24), rotate=135, enhance=0.99, posterize=6)
LEVELS = (-30, -17, -9, -1, 0, 1, 9, 22, 30)
GREY = 100


def affine(*matrix):
    def transform(picture):
        filling = (GREY,) * len(picture.getbands())
        return picture.transform(
            picture.size,
            Image.Transform.AFFINE,
            matrix,
            Image.Resampling.NEAREST,
            fillcolor=filling,
        )

    return transform


def rotation(degrees):
    return lambda picture: picture.rotate(degrees, fillcolor=(GREY,) * len(picture.getbands()))


def by_pillow(operation, level):
    """What Pillow calls the operation of WIDE at a level."""
    share = level / 30
    enhance = {
        "brightness": ImageEnhance.Brightness,
        "contrast": ImageEnhance.Contrast,
        "color": ImageEnhance.Color,
        "sharpness": ImageEnhance.Sharpness,
    }
    if operation in enhance:
        return lambda picture: enhance[operation](picture).enhance(1 + 0.99 * share)
    return {
        "shear_x": affine(1, 0.99 * share, 0, 0, 1, 0),
        "shear_y": affine(1, 0, 0, 0.99 * share, 1, 0),
        "translate_x": affine(1, 0, int(24 * share), 0, 1, 0),
        "translate_y": affine(1, 0, 0, 0, 1, int(32 * share)),
        "rotate": rotation(-135 * share),
        "posterize": lambda picture: ImageOps.posterize(picture, 8 - round(6 * abs(share))),
        "solarize": lambda picture: ImageOps.solarize(picture, 255 - 255 * abs(share)),
        "autocontrast": ImageOps.autocontrast,
        "equalize": ImageOps.equalize,
        "identity": lambda picture: picture,
    }[operation]


def expected(images, operation, level):
    transform = by_pillow(operation, level)
    results = []
    for image in images:
        picture = Image.fromarray(image.squeeze(-1) if image.shape[-1] == 1 else image)
        results.append(np.asarray(transform(picture)).reshape(image.shape))
    return np.stack(results)


@pytest.fixture
def outcomes(on_arrays):
    """Every operation on all images: {(operation, level): images}."""

    def run(images, pixel_max=255, levels=LEVELS):
        count = len(images)
        shape = images.shape[1:]
        transform = on_arrays(policy_layer.operations(WIDE, shape, pixel_max, grey=GREY))
        repeated = np.broadcast_to(images, (len(OPERATIONS), *images.shape))
        found = {}
        for level in levels:
            output = transform(repeated, np.full((len(OPERATIONS), count), level, np.int32))
            output = output.reshape(repeated.shape)
            found |= {(name, level): output[i] for i, name in enumerate(OPERATIONS)}
        return found

    return run


@pytest.fixture
def pictures(photographs, request):
    """Photographs, in colour or in grey, some with few values and some with one."""
    images = np.concatenate([photographs, photographs[:2] // 64 * 9 + 40, photographs[:1] * 0 + 7])
    images[8, ..., 1] = 5
    return images if request.param == 3 else images[..., :1].copy()


MAY_DIFFER = {"autocontrast": 1, "brightness": 1, "contrast": 1, "color": 1, "sharpness": 1}
"""By one level, as Pillow computes in floating point and cuts what is nearly a whole number."""


@pytest.mark.parametrize("pictures", [3, 1], indirect=True)
def test_every_operation_gives_the_pixels_of_pillow_at_every_level(outcomes, pictures):
    for (operation, level), output in outcomes(pictures).items():
        reference = expected(pictures, operation, level)
        difference = np.abs(output.astype(int) - reference)
        assert difference.max() <= MAY_DIFFER.get(operation, 0), (operation, level)
        assert (difference > 0).mean() < 0.02, (operation, level)


@pytest.mark.parametrize("pictures", [3], indirect=True)
def test_levels_other_than_0_change_a_picture_unless_the_operation_is_the_identity(
    outcomes, pictures
):
    found = outcomes(pictures[:8], levels=(22,))
    same = [name for (name, _), output in found.items() if np.array_equal(output, pictures[:8])]
    assert same == ["identity"]


def test_pixels_of_another_range_keep_to_it(outcomes):
    images = np.random.default_rng(0).integers(2, 15, (6, 8, 8, 1), dtype=np.uint8)
    found = outcomes(images, pixel_max=16)
    enhanced = ("brightness", "contrast", "sharpness", "solarize", "autocontrast", "equalize")
    for name in enhanced:
        assert max(found[name, level].max() for level in LEVELS) <= 16, name
    np.testing.assert_array_equal(found["solarize", 30], 16 - images)
    np.testing.assert_array_equal(found["posterize", 30], images & 16)
    stretched = found["autocontrast", 0]
    assert np.all(stretched.min(axis=(1, 2)) == 0)
    assert np.all(stretched.max(axis=(1, 2)) == 16)
    assert found["brightness", 30].max() == 16
    assert found["brightness", -30].max() == 0


@pytest.mark.parametrize(("name", "keys"), [("randaugment", {"layers": 1}), ("trivialaugment", {})])
def test_every_image_goes_through_one_operation(option, applied, batch, photographs, name, keys):
    cfg = option(name, horizontal_flip=False, crop_padding=0, fill=GREY / 255, **keys)
    _, labels, uniforms = batch(cfg, 64, (32, 32, 3))
    images = np.tile(photographs, (8, 1, 1, 1))
    output, same_labels = applied(cfg, images, labels, uniforms)
    is_same = (output == images).all(axis=(1, 2, 3))
    assert 4 <= is_same.sum() <= 24
    assert len({image.tobytes() for image in output[~is_same]}) > 30
    np.testing.assert_array_equal(same_labels, labels)


def test_the_layers_of_randaugment_act_one_after_another(option, applied, batch, photographs):
    once = option("randaugment", horizontal_flip=False, crop_padding=0, layers=1)
    twice = option("randaugment", horizontal_flip=False, crop_padding=0, layers=2)
    images, labels = np.tile(photographs, (4, 1, 1, 1)), np.zeros(32, np.int32)
    uniforms = np.random.default_rng(0).random((32, 6), dtype=np.float32)
    first, _ = applied(once, images, labels, uniforms[:, :3])
    second, _ = applied(once, first, labels, uniforms[:, 3:])
    both, _ = applied(twice, images, labels, uniforms)
    np.testing.assert_array_equal(both, second)


def test_magnitude_0_moves_and_enhances_nothing(option, applied, batch, photographs):
    cfg = option("randaugment", horizontal_flip=False, crop_padding=0, layers=1, magnitude=0)
    images = np.tile(photographs, (14, 1, 1, 1))
    _, labels, uniforms = batch(cfg, len(images), (32, 32, 3))
    output, _ = applied(cfg, images, labels, uniforms)
    # Autocontrast, equalize and the inversion of pure white have no strength.
    is_same = (output == images).all(axis=(1, 2, 3))
    assert is_same.mean() >= 11 / 14


def test_trivialaugment_draws_weak_and_strong_levels_of_both_signs(option, applied, batch):
    cfg = option("trivialaugment", horizontal_flip=False, crop_padding=0, fill=0.0)
    images = np.full((1400, 9, 9, 1), 100, np.uint8)
    _, labels, uniforms = batch(cfg, len(images), (9, 9, 1), seed=1)
    output, _ = applied(cfg, images, labels, uniforms)
    flat = output[(output == output[:, :1, :1]).all(axis=(1, 2, 3))][:, 0, 0, 0].astype(int)
    brightness = flat[(flat != 100) & (flat != 155) & (flat != 0)]
    assert brightness.min() < 10
    assert brightness.max() > 190
    assert len(np.unique(brightness)) > 30


def test_the_strengths_in_yaml_are_those_of_the_paper(option):
    cfg = option("randaugment")
    assert (cfg.layers, cfg.magnitude) == (2, 9)
    assert pipeline.build(cfg, Pixels((32, 32, 3)), one_hot(10)).draws == 3 + 2 * 3


@pytest.mark.parametrize(("key", "value"), [("layers", 0), ("magnitude", 31), ("magnitude", -1)])
def test_a_strength_out_of_range_is_refused(option, key, value):
    with pytest.raises(ValidationError, match=key):
        option("randaugment", **{key: value})
