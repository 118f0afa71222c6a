"""Transparency, depth and frames: what becomes of a picture that is not 8-bit grey or RGB."""

import io
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.image_files import read_image
from fmtool.data.reading.picture_modes import Look
from fmtool.data.splitting.inputs import Levels
from fmtool.errors import DataError

LOOK = Look(
    color="auto",
    background="white",
    levels=None,
    max_pixels=10_000,
    size=None,
    resize_mode="stretch",
)
COLOR = (10, 200, 90)
BEHIND = {"white": 255, "black": 0}


def read(path, **changes):
    return read_image(path, replace(LOOK, **changes), None)


def said_of(path, **changes):
    oddities = DataWarnings()
    read_image(path, replace(LOOK, **changes), oddities)
    return oddities.lines()


def on(background, color, alpha):
    """The documented rule, in exact arithmetic."""
    behind = BEHIND[background]
    return [int((c * alpha + behind * (255 - alpha)) / 255 + 0.5) for c in color]


def rgba(alpha):
    """A row of pixels of one colour, with the given alpha."""
    pixels = np.array([[(*COLOR, a) for a in alpha]], np.uint8)
    return Image.fromarray(pixels)


def chunk(kind, content):
    return (
        struct.pack(">I", len(content)) + kind + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )  # fmt: skip


def png_of_16_bits(pixels, *, color_type, extra=b""):
    """A PNG that Pillow cannot write: 16 bits in each of several channels."""
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    first, *others = (chunk(*each) for each in chunks)
    return b"\x89PNG\r\n\x1a\n" + first + extra + b"".join(others)


@pytest.mark.parametrize("background", BEHIND)
def test_every_alpha_of_every_colour_is_put_on_the_background_exactly(tmp_path, background):
    colors, alpha = np.meshgrid(np.arange(256), np.arange(256))
    Image.fromarray(np.dstack([colors, alpha]).astype(np.uint8)).save(tmp_path / "a.png")
    found = read(tmp_path / "a.png", background=background, max_pixels=70_000)[..., 0]
    exact = (colors * alpha + BEHIND[background] * (255 - alpha)) / 255
    np.testing.assert_array_equal(found, np.floor(exact + 0.5))


@pytest.mark.parametrize("background", BEHIND)
@pytest.mark.parametrize("mode", ["RGBA", "PA"])
def test_colours_with_alpha_are_put_on_the_background(tmp_path, mode, background):
    alpha = [0, 1, 128, 254, 255]
    path = tmp_path / "a.tif"
    (rgba(alpha) if mode == "RGBA" else rgba(alpha).convert("PA")).save(path)
    assert Image.open(path).mode == mode
    expected = [on(background, COLOR, a) for a in alpha]
    assert read(path, background=background)[0].tolist() == expected


@pytest.mark.parametrize("background", BEHIND)
@pytest.mark.parametrize(
    ("mode", "pixels", "transparent"),
    [("L", [[5, 7]], 5), ("RGB", [[COLOR, (1, 2, 3)]], COLOR), ("1", [[0, 255]], 0)],
)
def test_a_transparent_value_is_the_background(tmp_path, mode, pixels, transparent, background):
    picture = Image.fromarray(np.array(pixels, np.uint8)).convert(mode)
    picture.save(tmp_path / "a.png", transparency=transparent)
    behind, other = read(tmp_path / "a.png", background=background)[0].tolist()
    assert set(behind) == {BEHIND[background]}
    assert other == np.atleast_1d(pixels[0][1]).tolist()


@pytest.mark.parametrize(
    ("suffix", "transparency", "alpha"),
    [(".png", 1, 0), (".png", b"\xff\x80", 128), (".gif", 1, 0)],
)
def test_a_palette_may_be_transparent(tmp_path, suffix, transparency, alpha):
    picture = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    picture.putpalette([*COLOR, 40, 50, 60])
    picture.save(tmp_path / f"a{suffix}", transparency=transparency)
    expected = [list(COLOR), on("black", (40, 50, 60), alpha)]
    assert read(tmp_path / f"a{suffix}", background="black")[0].tolist() == expected


def test_an_opaque_picture_keeps_its_bits_and_nothing_is_said_of_it(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (6, 7, 4), dtype=np.uint8)
    pixels[..., 3] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    np.testing.assert_array_equal(read(tmp_path / "a.png"), pixels[..., :3])
    assert said_of(tmp_path / "a.png") == []


@pytest.mark.parametrize(("color", "mode"), [("rgb", "RGB"), ("grayscale", "L")])
def test_without_a_background_transparency_is_dropped_as_it_was(tmp_path, color, mode):
    rgba([0, 128]).save(tmp_path / "a.png")
    found = read(tmp_path / "a.png", background="none", color=color)
    expected = np.asarray(rgba([0, 128]).convert(mode)).reshape(found.shape)
    np.testing.assert_array_equal(found, expected)
    (line,) = said_of(tmp_path / "a.png", background="none")
    assert line.startswith("pictures with transparency, which is dropped (data.background=none): 1")


def test_grey_is_made_after_the_background(tmp_path):
    rgba([0, 255]).save(tmp_path / "a.png")
    grey = read(tmp_path / "a.png", color="grayscale")[0, :, 0].tolist()
    assert grey == [255, np.asarray(Image.new("RGB", (1, 1), COLOR).convert("L")).item()]


@pytest.mark.parametrize("suffix", [".png", ".tif", ".pgm"])
def test_values_between_the_levels_become_0_to_255(tmp_path, suffix):
    values = np.array([[999, 1000, 1001, 1500, 1999, 2000, 2001]], np.uint16)
    Image.fromarray(values).save(tmp_path / f"a{suffix}")
    found = read(tmp_path / f"a{suffix}", levels=Levels(1000, 2000))[0, :, 0].tolist()
    assert found == [0, 0, 0, 128, 255, 255, 255]
    (line,) = said_of(tmp_path / f"a{suffix}", levels=Levels(1000, 2000))
    assert line.startswith("pictures with values beyond 1000 to 2000, which become 1000 or 2000: 1")


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
@pytest.mark.parametrize("color", ["auto", "rgb", "grayscale"])
def test_numbers_of_32_bits_are_scaled_too(tmp_path, dtype, color):
    Image.fromarray(np.array([[-100, 0, 100]], dtype)).save(tmp_path / "a.tif")
    found = read(tmp_path / "a.tif", levels=Levels(-100, 100), color=color)
    assert found.shape[2] == (3 if color == "rgb" else 1)
    assert found[0, :, 0].tolist() == [0, 128, 255]


def test_a_portable_float_map_is_read(tmp_path):
    Image.fromarray(np.array([[0.25, 0.5, 0.75]], np.float32)).save(tmp_path / "a.pfm")
    assert read(tmp_path / "a.pfm", levels=Levels(0.25, 0.75))[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_has_no_order_is_refused(tmp_path, value):
    Image.fromarray(np.array([[0, value]], np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match="a pixel is NaN or infinite"):
        read(tmp_path / "a.tif", levels=Levels(0, 1))


def test_a_transparent_value_of_16_bits_is_refused_unless_it_is_to_be_dropped(tmp_path):
    Image.fromarray(np.array([[0, 500]], np.uint16)).save(tmp_path / "a.png", transparency=500)
    with pytest.raises(DataError, match="mode I;16 with transparency") as caught:
        read(tmp_path / "a.png", levels=Levels(0, 500))
    assert caught.value.fix.startswith("set data.background=none")
    found = read(tmp_path / "a.png", levels=Levels(0, 500), background="none")
    assert found[0, :, 0].tolist() == [0, 255]


@pytest.mark.parametrize("mode", ["CMYK", "YCbCr"])
def test_a_conversion_by_pillow_is_said(tmp_path, mode):
    Image.new("RGB", (2, 2), COLOR).convert(mode).save(tmp_path / "a.tif")
    expected = Image.open(tmp_path / "a.tif").convert("RGB").getpixel((0, 0))
    assert tuple(read(tmp_path / "a.tif")[0, 0]) == expected
    (line,) = said_of(tmp_path / "a.tif")
    assert line.startswith(f"pictures of mode {mode}, converted by Pillow")


@pytest.mark.parametrize(("color_type", "channels"), [(2, 3), (4, 2), (6, 4)])
def test_half_of_16_bits_a_channel_is_lost_in_pillow_and_that_is_said(
    tmp_path, color_type, channels
):
    pixels = np.full((2, 2, channels), 0xFFFF)
    pixels[..., 0] = 0x1234
    (tmp_path / "a.png").write_bytes(png_of_16_bits(pixels, color_type=color_type))
    assert read(tmp_path / "a.png")[0, 0, 0] == 0x12
    (line,) = said_of(tmp_path / "a.png")
    assert line.startswith("colour pictures of 16 bits a channel, of which 8 are read: 1")


def test_half_of_16_bits_is_said_of_a_pixmap_too(tmp_path):
    (tmp_path / "a.ppm").write_bytes(b"P6 1 1 65535\n\x12\x34\x56\x78\x9a\xbc")
    (line,) = said_of(tmp_path / "a.ppm")
    assert line.startswith("colour pictures of 16 bits a channel, of which 8 are read: 1")


def test_a_transparent_colour_of_16_bits_is_refused(tmp_path):
    said = chunk(b"tRNS", struct.pack(">HHH", 0x1234, 0x1234, 0x1234))
    content = png_of_16_bits(np.full((2, 2, 3), 0x1234), color_type=2, extra=said)
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(DataError, match="a transparent colour of 16 bits"):
        read(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".gif", ".png", ".webp", ".tif"])
def test_the_first_of_several_frames_is_taken_and_said(tmp_path, suffix):
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    first, *others = [Image.new("RGB", (4, 4), color) for color in colors]
    options = {"lossless": True} if suffix == ".webp" else {}
    first.save(tmp_path / f"a{suffix}", save_all=True, append_images=others, **options)
    assert (read(tmp_path / f"a{suffix}") == (255, 0, 0)).all()
    (line,) = said_of(tmp_path / f"a{suffix}")
    assert line.startswith("pictures of several frames or pages, of which the first is taken: 1")


@pytest.mark.parametrize("mode", ["I;16", "F", "RGBA", "P"])
def test_exif_turns_a_picture_of_any_mode(tmp_path, mode):
    values = np.arange(6).reshape(2, 3)
    if mode in ("I;16", "F"):
        picture = Image.fromarray(values.astype(np.uint16 if mode == "I;16" else np.float32))
    else:
        picture = Image.fromarray(values.astype(np.uint8) * 51).convert(mode)
    exif = Image.Exif()
    exif[0x112] = 6
    picture.save(tmp_path / "a.tif", exif=exif)
    levels = Levels(0, 5) if mode in ("I;16", "F") else None
    found = read(tmp_path / "a.tif", levels=levels)[..., 0]
    np.testing.assert_array_equal(found, np.rot90(values, 3) * 51)


FORMATS = {
    "PNG": ".png", "JPEG": ".jpg", "BMP": ".bmp", "GIF": ".gif", "WEBP": ".webp", "TIFF": ".tif",
    "PPM": ".ppm", "PCX": ".pcx", "SGI": ".sgi",
}  # fmt: skip


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_is_read_and_half_a_file_of_it_is_damaged(tmp_path, kind):
    pixels = np.random.default_rng(1).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels)
    if kind == "GIF":
        picture = picture.convert("P")
    target = io.BytesIO()
    picture.save(target, kind, **({"lossless": True} if kind == "WEBP" else {}))
    path = tmp_path / f"a{FORMATS[kind]}"
    path.write_bytes(target.getvalue())
    found, expected = read(path), np.asarray(Image.open(target).convert("RGB"))
    np.testing.assert_array_equal(found, expected)
    if kind not in ("JPEG", "GIF"):
        np.testing.assert_array_equal(found, pixels)
    path.write_bytes(target.getvalue()[: len(target.getvalue()) // 2])
    with pytest.raises(DataError, match=r"(truncated|damaged) image|not an image"):
        read(path)


def test_each_format_that_is_read_is_tried_here():
    from fmtool.data.reading import image_files

    assert set(FORMATS) == set(image_files._SUFFIXES)


@pytest.mark.parametrize(("suffix", "mode"), [(".pbm", "1"), (".pgm", "L"), (".bw", "L")])
def test_the_endings_of_grey_pictures_are_known(tmp_path, suffix, mode):
    picture = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).convert(mode)
    picture.save(tmp_path / f"a{suffix}")
    assert read(tmp_path / f"a{suffix}")[..., 0].tolist() == [[0, 255], [255, 0]]
    assert said_of(tmp_path / f"a{suffix}") == []
