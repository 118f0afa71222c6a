"""Random erasing and cutout: how much of an image they take, where, and what they leave."""

import numpy as np
import pytest
from pydantic import ValidationError
from small_tasks import one_hot

from fmtool.augment.stages import pipeline
from fmtool.elements import Pixels
from fmtool.errors import UsageError


def boxes(output, images):
    """(top, left, height, width) of what changed in each image that did, and their share."""
    found = []
    for new, old in zip(output, images, strict=True):
        rows, columns = np.nonzero((new != old).any(axis=-1))
        if len(rows):
            top, left = rows.min(), columns.min()
            found.append((top, left, rows.max() + 1 - top, columns.max() + 1 - left))
    return np.array(found), len(found) / len(images)


def test_as_many_images_are_erased_as_the_probability_says(option, applied, batch):
    cfg = option("none", erasing=0.25)
    images, labels, uniforms = batch(cfg, 2000, (16, 16, 3))
    output, same_labels = applied(cfg, images, labels, uniforms)
    _, share = boxes(output, images)
    assert share == pytest.approx(0.25, abs=0.03)
    np.testing.assert_array_equal(same_labels, labels)


def test_erased_areas_and_aspects_keep_to_their_ranges(option, applied, batch):
    cfg = option("none", erasing=1.0, erasing_area=[0.1, 0.3], erasing_aspect=[0.5, 2.0])
    images, labels, uniforms = batch(cfg, 1000, (40, 40, 3))
    found, share = boxes(applied(cfg, images, labels, uniforms)[0], images)
    height, width = found[:, 2], found[:, 3]
    area, aspect = height * width / 1600, height / width
    assert share == 1
    # Rounding to whole pixels moves a side of 9 pixels, the shortest, by 6 % at most.
    assert area.min() == pytest.approx(0.1, rel=0.12)
    assert area.max() == pytest.approx(0.3, rel=0.12)
    assert area.mean() == pytest.approx(0.2, rel=0.05)
    assert (aspect.min(), aspect.max()) == (
        pytest.approx(0.5, rel=0.12),
        pytest.approx(2, rel=0.12),
    )
    assert (height > width).mean() == pytest.approx((height < width).mean(), abs=0.1)


def test_an_erased_rectangle_lies_within_the_image_and_reaches_each_of_its_borders(
    option, applied, batch
):
    cfg = option("none", erasing=1.0, erasing_area=[0.1, 0.3])
    images, labels, uniforms = batch(cfg, 1000, (12, 20, 3))
    found, _ = boxes(applied(cfg, images, labels, uniforms)[0], images)
    top, left, height, width = found.T
    assert (top.min(), left.min()) == (0, 0)
    assert ((top + height).max(), (left + width).max()) == (12, 20)


def test_what_is_erased_is_noise_over_the_whole_range(option, applied, batch):
    cfg = option("none", erasing=1.0, erasing_area=[1.0, 1.0], erasing_aspect=[1.0, 1.0])
    images, labels, uniforms = batch(cfg, 500, (8, 8, 1), pixel_max=16)
    output, _ = applied(cfg, images, labels, uniforms, pixel_max=16)
    counts = np.bincount(output.ravel(), minlength=17)
    assert len(counts) == 17
    assert np.all(np.abs(counts / output.size * 17 - 1) < 0.2)
    assert len({image.tobytes() for image in output}) > 350
    assert abs(np.corrcoef(output[:, :, :-1].ravel(), output[:, :, 1:].ravel())[0, 1]) < 0.03


@pytest.mark.parametrize(
    ("fill", "pixel_max", "grey"), [(0.5, 255, 128), (0.0, 255, 0), (1.0, 16, 16)]
)
def test_cutout_blanks_a_square_around_a_centre_anywhere(
    option, applied, batch, fill, pixel_max, grey
):
    cfg = option("none", cutout=4, fill=fill)
    images, labels, uniforms = batch(cfg, 300, (10, 7, 3), pixel_max=pixel_max)
    output, _ = applied(cfg, images, labels, uniforms, pixel_max=pixel_max)
    expected = images.copy()
    for image, (v, h) in zip(expected, uniforms, strict=True):
        top, left = int(v * np.float32(10)) - 2, int(h * np.float32(7)) - 2
        image[max(top, 0) : max(top + 4, 0), max(left, 0) : max(left + 4, 0)] = grey
    np.testing.assert_array_equal(output, expected)


def test_a_square_larger_than_the_image_is_refused(option):
    with pytest.raises(UsageError, match=r"augment\.cutout 9 is larger than images 8 pixels wide"):
        pipeline.build(option("none", cutout=9), Pixels((10, 8, 3)), one_hot(10))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("erasing", 1.5),
        ("erasing_area", [0.4, 0.1]),
        ("erasing_area", [0.1]),
        ("erasing_area", [0.0, 0.1]),
        ("erasing_aspect", [3.3, 0.3]),
        ("cutout", -1),
    ],
)
def test_a_range_or_size_that_makes_no_sense_is_refused(option, key, value):
    with pytest.raises(ValidationError, match=key):
        option("none", **{key: value})
