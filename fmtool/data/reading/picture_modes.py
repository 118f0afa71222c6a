"""Pictures of any mode as 8-bit grey or RGB: what becomes of depth, transparency and colour."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.resizing import ResizeMode
from fmtool.data.splitting.inputs import Levels
from fmtool.errors import DataError

Color = Literal["auto", "rgb", "grayscale"]
"""`auto` gives one channel for a picture without colour, three for any other."""
Background = Literal["white", "black", "none"]
"""The colour that transparent pixels are put on; `none` drops transparency."""

BACKGROUNDS: tuple[Background, ...] = get_args(Background)
_GREY = ("1", "L", "LA", "La")
_COLORED = ("P", "PA", "RGB", "RGBA", "RGBa")
_CONVERTED = ("CMYK", "YCbCr")
_DEEP = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")
_REDUCED = re.compile(r"(RGB|RGBA|RGBX|LA|CMYK);16[BLN]")
"""Layouts in a file of which Pillow keeps the upper 8 of 16 bits."""


Depth = Levels | Literal["upper"] | None
"""`upper` keeps the upper 8 of 16 bits; None takes pictures of 8 bits only."""


def as_depth(value: Sequence[float] | str | None) -> Depth:
    """A depth from its form in YAML and JSON, in which levels are a list."""
    if value is None:
        return None
    if isinstance(value, str):
        return "upper"
    low, high = map(float, value)
    return Levels(low, high)


@dataclass(frozen=True)
class Look:
    """The way the pictures of a data set become samples.

    Args:
        max_pixels: a larger picture is refused by its header, before it is decoded.
        size: (height, width) to resize to, as `resize_mode` says; None to keep the size.
        levels: of pictures of more than 8 bits, which `Levels` takes alone.
    """

    color: Color
    background: Background
    levels: Depth
    max_pixels: int
    size: tuple[int, int] | None
    resize_mode: ResizeMode


def converted(
    picture: Image.Image, path: Path, look: Look, oddities: DataWarnings | None
) -> Image.Image:
    """`picture`, decoded, in mode RGB or L.

    Raises:
        DataError: a mode that is not known, or a depth that `look` does not take.
    """
    mode = picture.mode
    if is_deep(picture):
        picture = _in_8_bits(picture, path, look, oddities)
    elif mode not in (*_GREY, *_COLORED, *_CONVERTED):
        raise DataError(f"{path}: mode {mode}", fix="save it in RGB or grey")
    elif isinstance(look.levels, Levels):
        raise DataError(
            f"{path}: mode {mode} (8 bits), where more than 8 bits are expected",
            fix="save all pictures with one depth",
        )
    if picture.has_transparency_data:
        picture = _without_transparency(picture, path, look.background, oddities)
    if mode in _CONVERTED and oddities is not None:
        kind = f"pictures of mode {mode}, converted by Pillow without their colour profile"
        oddities.add(kind, str(path), is_usual=True)
    is_grey = mode in (*_GREY, *_DEEP) if look.color == "auto" else look.color == "grayscale"
    return picture.convert("L" if is_grey else "RGB")


def is_deep(picture: Image.Image) -> bool:
    """True where a pixel is one number of more than 8 bits."""
    return picture.mode in _DEEP


def is_reduced(picture: Image.Image) -> bool:
    """True where Pillow gives 8 of 16 bits a channel; to be asked before the picture is decoded."""
    # Only what comes out of a file has tiles.
    for tile in getattr(picture, "tile", ()):
        if _REDUCED.search(str(tile[3])):
            return True
        # Of a .ppm: mode and largest value.
        if tile[0] == "ppm" and isinstance(tile[3], tuple) and tile[3][-1] > 255:
            return not is_deep(picture)
    return False


def values_of(picture: Image.Image, path: Path) -> NDArray[Any]:
    """The numbers (height, width) of a deep picture; DataError for what has no order."""
    values = np.asarray(picture)
    if picture.mode == "F" and not np.isfinite(values).all():
        raise DataError(f"{path}: a pixel is NaN or infinite", fix="fill it, and save it again")
    return values


def scaled(values: NDArray[Any], levels: Levels) -> NDArray[np.uint8]:
    """(values - low) / (high - low) * 255 in float64, rounded; what is outside is 0 or 255."""
    found = values.astype(np.float64)
    np.clip(found, levels.low, levels.high, out=found)
    found -= levels.low
    found /= levels.high - levels.low
    found *= 255
    return np.rint(found, out=found).astype(np.uint8)


def check_depth(picture: Image.Image, path: Path, background: Background) -> None:
    """DataError for a deep picture with a transparent value, unless transparency is dropped."""
    if background != "none" and picture.has_transparency_data:
        raise DataError(
            f"{path}: mode {picture.mode} with transparency",
            fix="set data.background=none to drop the transparency, or save it without",
        )


def _in_8_bits(
    picture: Image.Image, path: Path, look: Look, oddities: DataWarnings | None
) -> Image.Image:
    mode, levels = picture.mode, look.levels
    check_depth(picture, path, look.background)
    if levels == "upper":
        if mode in ("I", "F"):
            raise DataError(f"{path}: mode {mode} has no upper 8 bits", fix="set data.levels=auto")
        if oddities is not None:
            kind = "pictures of 16 bits, of which the upper 8 are kept (data.levels=upper)"
            oddities.add(kind, str(path), is_usual=True)
        # Pillow's own conversion takes all above 255 as white.
        return Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if levels is None:
        fix = "save all pictures with one depth"
        if mode not in ("I", "F"):
            fix += ", or set data.levels=upper"
        raise DataError(
            f"{path}: mode {mode} (more than 8 bits), where 8 bits are expected", fix=fix
        )
    values = values_of(picture, path)
    if oddities is not None and (values.min() < levels.low or values.max() > levels.high):
        low, high = shown(levels)
        kind = f"pictures with values beyond {low} to {high}, which become {low} or {high}"
        oddities.add(kind, str(path), is_usual=True)
    return Image.fromarray(scaled(values, levels))


def shown(levels: Levels) -> tuple[str, str]:
    """Both ends for a message, whole numbers as such."""
    low, high = (str(int(end)) if float(end).is_integer() else repr(end) for end in levels)
    return low, high


def _without_transparency(
    picture: Image.Image, path: Path, background: Background, oddities: DataWarnings | None
) -> Image.Image:
    """RGB or L on the background; with `none` the picture as it is, for `convert` to drop it."""
    if background == "none":
        if oddities is not None:
            kind = "pictures with transparency, which is dropped (data.background=none)"
            oddities.add(kind, str(path), is_usual=True)
        return picture
    transparent = picture.info.get("transparency")
    if picture.mode == "RGB" and isinstance(transparent, tuple) and max(transparent) > 255:
        raise DataError(
            f"{path}: a transparent colour of 16 bits, of which 8 are read",
            fix="save it with 8 bits a channel",
        )
    pixels = np.asarray(picture.convert("LA" if picture.mode in _GREY else "RGBA"))
    if oddities is not None and pixels[..., -1].min() < 255:
        kind = f"pictures with transparency, put on {background} (data.background)"
        oddities.add(kind, str(path), is_usual=True)
    return Image.fromarray(composed(pixels, background))


def composed(pixels: NDArray[np.uint8], background: Background) -> NDArray[np.uint8]:
    """(c * a + b * (255 - a)) / 255, rounded, for colours c, alpha a and background b.

    Args:
        pixels: (height, width, 2 or 4), the last channel being alpha, not premultiplied.

    Returns (height, width) or (height, width, 3).
    """
    wide = pixels.astype(np.uint16)
    colors, alpha = wide[..., :-1], wide[..., -1:]
    behind = 255 if background == "white" else 0
    found = ((colors * alpha + behind * (255 - alpha) + 127) // 255).astype(np.uint8)
    return found[..., 0] if found.shape[-1] == 1 else found
