"""Resizing within a graph gives the pixels that Pillow gives."""

import keras
import numpy as np
import pytest
from PIL import Image

from fmtool.data.reading.resizing import resized as by_pillow
from fmtool.export import resizing

SIZES = [
    (16, 16), (64, 64), (16, 48), (33, 100), (200, 31), (9, 9), (1, 1), (5, 300), (50, 64),
]  # fmt: skip


def graph(size, mode, channels):
    samples = keras.Input((None, None, channels), dtype="uint8")
    return keras.Model(samples, resizing.resized(samples, size, mode))


def both(model, pixels, size, mode):
    picture = Image.fromarray(pixels if pixels.shape[2] == 3 else pixels[..., 0])
    expected = np.asarray(by_pillow(picture, size, mode)).reshape(*size, -1)
    found = keras.ops.convert_to_numpy(model(pixels[np.newaxis]))[0]
    return found, expected


@pytest.mark.parametrize("mode", ["stretch", "crop", "pad"])
@pytest.mark.parametrize(("size", "channels"), [((16, 16), 3), ((8, 24), 1)])
def test_every_pixel_is_that_of_pillow_whatever_the_proportions(mode, size, channels):
    model, random = graph(size, mode, channels), np.random.default_rng(0)
    for given in SIZES:
        pixels = random.integers(0, 256, (*given, channels), np.uint8)
        found, expected = both(model, pixels, size, mode)
        if mode == "crop" and size[0] != size[1]:
            # Pillow rounds the corners of a part to float32.
            assert np.abs(found - expected).max() <= 1
        else:
            np.testing.assert_array_equal(found, expected, err_msg=f"{given}")


def test_a_large_picture_of_details_is_averaged_over_its_whole_area():
    pixels = np.zeros((800, 600, 3), np.uint8)
    pixels[::2] = 255
    found, expected = both(graph((16, 16), "stretch", 3), pixels, (16, 16), "stretch")
    np.testing.assert_array_equal(found, expected)
    assert 120 < found.min() <= found.max() < 135


def test_what_has_the_size_comes_out_as_it_is():
    pixels = np.random.default_rng(1).integers(0, 256, (2, 12, 10, 4), np.uint8)
    for mode in ("stretch", "crop", "pad"):
        found = keras.ops.convert_to_numpy(graph((12, 10), mode, 4)(pixels))
        np.testing.assert_array_equal(found, pixels)


def test_the_sides_of_a_padded_picture_are_rounded_as_exact_numbers_are():
    """117 * 20 / 312 is 7.5; in binary fractions it comes out as less."""
    pixels = np.full((117, 312, 3), 9, np.uint8)
    found, expected = both(graph((24, 20), "pad", 3), pixels, (24, 20), "pad")
    np.testing.assert_array_equal(found, expected)
    assert int((expected.max(axis=(1, 2)) > 0).sum()) == 8


def test_a_graph_with_it_is_saved_and_loaded_as_a_model_of_built_in_operations(tmp_path):
    from fmtool.evaluation.measure import load_model

    model = graph((4, 4), "pad", 3)
    model.save(tmp_path / "model.keras")
    pixels = np.random.default_rng(2).integers(0, 256, (1, 9, 7, 3), np.uint8)
    loaded = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(pixels), model(pixels))
