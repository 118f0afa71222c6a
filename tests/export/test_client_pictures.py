"""A client, which has the arithmetic of pictures once more, reads every picture as fmtool does."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.data.reading.image_files import read_image
from fmtool.data.reading.picture_modes import Look, as_depth
from fmtool.data.splitting import inputs
from fmtool.data.splitting.inputs import Levels
from fmtool.elements import Pixels
from fmtool.errors import DataError
from fmtool.export import preprocessing
from fmtool.export.clients import model_inputs
from fmtool.export.metadata import Metadata, input_of
from fmtool.targets import Label

LOOK = Look(
    color="rgb",
    background="white",
    levels=None,
    max_pixels=10_000,
    size=(7, 6),
    resize_mode="crop",
)
NOISE = np.random.default_rng(3).integers(0, 256, (9, 12, 4), dtype=np.uint8)
DEEP = (NOISE[..., 0].astype(np.uint16) << 8) + NOISE[..., 1]


def palette():
    return Image.fromarray(NOISE[..., :3]).quantize(16)


PICTURES = {
    # name: (picture, ending, what Pillow's save is told)
    "1": (Image.fromarray(NOISE[..., 0]).convert("1"), "png", {}),
    "1 tRNS": (Image.fromarray(NOISE[..., 0]).convert("1"), "png", {"transparency": 0}),
    "L": (Image.fromarray(NOISE[..., 0]), "png", {}),
    "L in TIFF": (Image.fromarray(NOISE[..., 0]), "tif", {"tiffinfo": {0x112: 6}}),
    "L tRNS": (Image.fromarray(NOISE[..., 0] // 64), "png", {"transparency": 2}),
    "LA": (Image.fromarray(NOISE[..., :2].copy()), "png", {}),
    "P": (palette(), "png", {}),
    "P tRNS": (palette(), "png", {"transparency": bytes(range(0, 256, 16))}),
    "P in GIF": (palette(), "gif", {"transparency": 3}),
    "PA": (Image.fromarray(NOISE).convert("PA"), "tif", {}),
    "RGB": (Image.fromarray(NOISE[..., :3]), "png", {}),
    "RGB tRNS": (Image.new("RGB", (12, 9), (3, 2, 1)), "png", {"transparency": (3, 2, 1)}),
    "RGBA": (Image.fromarray(NOISE), "png", {}),
    "RGBA in WebP": (Image.fromarray(NOISE), "webp", {"lossless": True}),
    "CMYK": (Image.fromarray(NOISE[..., :3]).convert("CMYK"), "jpg", {}),
    "YCbCr": (Image.fromarray(NOISE[..., :3]).convert("YCbCr"), "tif", {}),
    "two frames": (
        Image.fromarray(NOISE[..., :3]), "png",
        {"save_all": True, "append_images": [Image.new("RGB", (12, 9))]},
    ),
}  # fmt: skip
DEEP_PICTURES = {
    "I;16": (Image.fromarray(DEEP), "png"),
    "I;16 in TIFF": (Image.fromarray(DEEP), "tif"),
    "I": (Image.fromarray(DEEP.astype(np.int32) - 30_000), "tif"),
    "I in PGM": (Image.fromarray(DEEP), "pgm"),
    "F": (Image.fromarray(DEEP.astype(np.float32) / 700), "tif"),
}


def about(look, *, levels):
    return {
        "input": {
            "kind": "image", "dtype": "uint8", "batch": None, "maximum": 255,
            "shape": [*look.size, 3 if look.color == "rgb" else 1],
        },
        "preprocessing": {
            "color": look.color, "background": look.background, "levels": levels,
            "resize_mode": look.resize_mode,
        },
    }  # fmt: skip


def assert_same(path, look, levels):
    expected = read_image(path, replace(look, levels=as_depth(levels)), None)
    found = model_inputs.read(str(path), about(look, levels=levels), "")
    np.testing.assert_array_equal(found[0], expected)


@pytest.mark.filterwarnings("ignore:Palette images with Transparency")
@pytest.mark.parametrize("name", PICTURES)
def test_a_client_reads_a_picture_of_8_bits_as_the_training_did(tmp_path, name):
    picture, ending, options = PICTURES[name]
    path = tmp_path / f"a.{ending}"
    picture.save(path, **options)
    for background in ("white", "black", "none"):
        for color in ("rgb", "grayscale"):
            assert_same(path, replace(LOOK, background=background, color=color), None)


@pytest.mark.parametrize("name", DEEP_PICTURES)
def test_a_client_scales_deep_pictures_as_the_training_did(tmp_path, name):
    picture, ending = DEEP_PICTURES[name]
    path = tmp_path / f"a.{ending}"
    exif = Image.Exif()
    exif[0x112] = 8
    picture.save(path, **({} if ending == "pgm" else {"exif": exif}))
    values = np.asarray(Image.open(path)).astype(float)
    low, high = (float(np.quantile(values, share)) for share in (0.1, 0.7))
    for color in ("rgb", "grayscale"):
        assert_same(path, replace(LOOK, color=color), [low, high])
    if name.startswith("I;16"):
        assert_same(path, LOOK, "upper")


@pytest.mark.parametrize(
    ("pixels", "levels"),
    [(DEEP, None), (NOISE[..., :3], [0, 9]), (DEEP.astype(np.float32), "upper"),
     (np.full((9, 12), np.nan, np.float32), [0, 9])],
)  # fmt: skip
def test_a_client_refuses_what_fmtool_refuses(tmp_path, pixels, levels):
    Image.fromarray(pixels).save(tmp_path / "a.tif")
    with pytest.raises(DataError):
        read_image(tmp_path / "a.tif", replace(LOOK, levels=as_depth(levels)), None)
    with pytest.raises(SystemExit, match="not the depth of the training pictures"):
        model_inputs.read(str(tmp_path / "a.tif"), about(LOOK, levels=levels), "")


CASES = (
    # keys of the data, levels that were fitted, what a bundle says, and the same in words
    ({}, None, ("white", None), ["of 8 bits a channel only", "(c * a + 255 * (255 - a)) / 255"]),
    (
        {"background": "black"}, Levels(1.0, 4001.5), ("black", [1.0, 4001.5]),
        ["off at 1.0 and 4001.5, and take (number - 1.0) / 4000.5 * 255, rounded",
         "(c * a + 0 * (255 - a)) / 255"],
    ),
    (
        {"levels": "upper", "background": "none"}, None, ("none", "upper"),
        ["take the upper 8 of each", "Drop transparency."],
    ),
)  # fmt: skip


@pytest.mark.parametrize(("keys", "fitted", "said", "words"), CASES)
def test_a_bundle_says_what_is_done_in_numbers_and_in_words(keys, fitted, said, words):
    raw = compose("train", ["data=image_folder", "data.path=x"])["data"]
    cfg = validate.option("data", raw | keys)
    kept = {} if fitted is None else inputs.encode(inputs.entry_of_levels(fitted))
    element = Pixels((7, 6, 1))
    found = preprocessing.of(cfg, element, kept)
    assert (found["background"], found["levels"]) == said
    metadata = Metadata(
        model="cnn",
        data="image_folder",
        run="run",
        fmtool="0",
        manifest_digest="",
        quantization="none",
        input=input_of(element, any_size=False, batch=None),
        trained_shape=element.shape,
        outputs={},
        target=Label(("a", "b")),
        preprocessing=found,
    )
    steps = " ".join(preprocessing.steps(metadata))
    assert all(part in steps for part in words)
