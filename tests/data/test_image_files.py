"""Pictures become the pixels that a viewer shows, folders a set that depends on content alone."""

import os
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fmtool import registry, validate
from fmtool.config.compose import compose
from fmtool.data.reading.class_folders import scan_class_folders
from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.image_files import read_image
from fmtool.data.reading.picture_modes import Look
from fmtool.errors import DataError

LOSSLESS = [".png", ".bmp", ".gif", ".tif", ".webp"]


LOOK = Look(
    color="auto",
    background="white",
    levels=None,
    max_pixels=10_000,
    size=None,
    resize_mode="stretch",
)


def read(path, **changes):
    return read_image(path, replace(LOOK, **changes), DataWarnings())


def load(root, **changes):
    raw = compose("train", ["data=image_folder"])["data"] | {"path": str(root)} | changes
    return registry.module("data", "image_folder").load(validate.option("data", raw))


def distinct(shape):
    return (np.arange(np.prod(shape)) * 37 % 251).astype(np.uint8).reshape(shape)


@pytest.mark.parametrize("suffix", LOSSLESS)
def test_lossless_formats_give_the_pixels_that_were_saved(tmp_path, suffix):
    pixels = np.repeat(distinct((4, 5, 1)), 3, axis=2)
    options = {"lossless": True} if suffix == ".webp" else {}
    Image.fromarray(pixels).save(tmp_path / f"a{suffix}", **options)
    np.testing.assert_array_equal(read(tmp_path / f"a{suffix}"), pixels)


def test_a_jpeg_is_close_to_what_was_saved(tmp_path):
    pixels = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.jpg")
    assert np.abs(read(tmp_path / "a.jpg").astype(int) - pixels).max() <= 3


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_a_picture_is_turned_as_exif_says(tmp_path, orientation, turns):
    pixels = distinct((4, 6, 3))
    exif = Image.Exif()
    exif[0x112] = orientation
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(read(tmp_path / "a.png"), np.rot90(pixels, turns))


@pytest.mark.parametrize(
    ("mode", "color", "channels"),
    [
        ("L", "auto", 1),
        ("1", "auto", 1),
        ("P", "auto", 3),
        ("L", "rgb", 3),
        ("RGB", "grayscale", 1),
        ("RGBA", "auto", 3),
        ("RGBA", "grayscale", 1),
        ("PA", "auto", 3),
        ("LA", "auto", 1),
        ("LA", "rgb", 3),
        ("CMYK", "auto", 3),
        ("YCbCr", "auto", 3),
    ],
)
def test_the_color_key_decides_the_channels(tmp_path, mode, color, channels):
    suffix = ".tif" if mode in ("CMYK", "YCbCr", "PA") else ".png"
    Image.fromarray(distinct((4, 4, 3))).convert(mode).save(tmp_path / f"a{suffix}")
    assert read(tmp_path / f"a{suffix}", color=color).shape == (4, 4, channels)


def test_the_upper_half_of_16_bits_is_kept(tmp_path):
    Image.fromarray(np.array([[0, 300, 65535]], np.uint16)).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png", levels="upper")[..., 0].tolist() == [[0, 1, 255]]


def test_the_size_is_height_then_width(tmp_path):
    Image.fromarray(distinct((9, 6, 3))).save(tmp_path / "a.png")
    assert read(tmp_path / "a.png", size=(3, 2)).shape == (3, 2, 3)


@pytest.mark.parametrize("seed", range(4))
def test_no_damage_gets_past_the_reader(tmp_path, seed, capfd):
    random = np.random.default_rng(seed)
    sources = []
    for suffix in (*LOSSLESS, ".jpg"):
        Image.fromarray(distinct((16, 16, 3))).save(tmp_path / f"a{suffix}")
        sources.append(np.fromfile(tmp_path / f"a{suffix}", np.uint8))
    for _ in range(100):
        damaged = sources[random.integers(len(sources))].copy()
        places = random.integers(0, len(damaged), random.integers(1, 8))
        damaged[places] = random.integers(0, 256, len(places))
        (tmp_path / "b.png").write_bytes(damaged[: random.integers(1, len(damaged) + 1)])
        with suppress(DataError):
            read(tmp_path / "b.png", color="rgb")
    assert capfd.readouterr() == ("", "")


def test_labels_follow_the_sorted_names(tmp_path, save_picture):
    for name in ("b/1", "a/2", "b/0", "a/10"):
        save_picture(tmp_path / f"{name}.png")
    found = scan_class_folders(tmp_path)
    assert found.target.names == ("a", "b")
    files = [(file.path.name, file.label) for file in found.splits["train"]]
    assert files == [("10.png", 0), ("2.png", 0), ("0.png", 1), ("1.png", 1)]


def test_a_class_may_be_called_train(pictures, save_picture):
    save_picture(pictures / "train" / "0.png")
    assert scan_class_folders(pictures).target.names == ("a", "b", "train")


def test_folders_of_splits_are_taken_as_they_are(tmp_path, save_picture):
    sizes = {"train": 4, "validation": 3, "test": 2}
    for split, size in sizes.items():
        for name in "ab":
            for number in range(size):
                save_picture(tmp_path / split / name / f"{number}.png")
    splits = load(tmp_path)
    assert {split: len(getattr(splits, split)) // 2 for split in sizes} == sizes
    assert splits.validation.y.tolist() == [0, 0, 0, 1, 1, 1]


def test_without_a_folder_test_the_same_share_of_each_class_is_held_out(pictures):
    splits = load(pictures, test_fraction=0.4)
    assert np.bincount(splits.train.y).tolist() == [3, 3]
    assert np.bincount(splits.test.y).tolist() == [2, 2]
    images = {image.tobytes() for part in (splits.train, splits.test) for image in part.x}
    assert len(images) == 5, "the classes share their pictures, the parts hold each once"
    assert (splits.train.x.dtype, splits.train.y.dtype) == (np.uint8, np.int32)


def test_the_set_does_not_depend_on_the_order_of_the_disk(tmp_path, save_picture, monkeypatch):
    for name in ("b/1", "a/2", "b/0", "a/10", "a/1"):
        save_picture(tmp_path / f"{name}.png")
    before = load(tmp_path)
    scandir = os.scandir

    class Reversed:
        def __init__(self, folder):
            with scandir(folder) as entries:
                self._entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __enter__(self):
            return iter(self._entries)

        def __exit__(self, *_):
            pass

    monkeypatch.setattr("fmtool.data.reading.class_folders.os.scandir", Reversed)
    after = load(tmp_path)
    assert after.digest == before.digest
    np.testing.assert_array_equal(after.train.x, before.train.x)


def test_the_digest_knows_pixels_names_and_labels(pictures):
    digests = {load(pictures).digest, load(pictures, color="grayscale").digest}
    (pictures / "b").rename(pictures / "c")
    digests.add(load(pictures).digest)
    (pictures / "c" / "4.png").rename(pictures / "a" / "5.png")
    digests.add(load(pictures).digest)
    assert len(digests) == 4


def test_the_digest_does_not_know_where_the_set_lies(pictures):
    before = load(pictures).digest
    assert load(pictures.rename(pictures.with_name("moved"))).digest == before


@pytest.mark.parametrize("name", ["image_folder", "arrays"])
def test_validating_the_config_imports_no_array_library(fmtool, name):
    code = (
        f"import sys, fmtool.data.{name};"
        "print([m for m in ('numpy', 'keras', 'PIL') if m in sys.modules])"
    )
    assert fmtool.python(code).out == "[]\n"
