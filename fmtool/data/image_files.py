"""Decodes a picture of a user's data set completely, or says in one line why it cannot be used."""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from fmtool.data.oddities import Oddities
from fmtool.data.regular_file import open_regular
from fmtool.data.resizing import ResizeMode, resized
from fmtool.data.silence import Silence, native_stderr_hidden
from fmtool.errors import DataError

Color = Literal["auto", "rgb", "grayscale"]
"""`auto` takes colour and grey pictures as they are, and nothing that has to be converted."""

_SUFFIXES = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
}
SUFFIXES = frozenset(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)
"""The endings of the names of pictures, lower case."""

LARGE_PIXELS = 89_478_485
"""Where Pillow begins to warn of a decompression bomb, and where we do."""
MOST_PIXELS = 2 * LARGE_PIXELS
"""Where Pillow refuses to go on; `data.max_pixels` cannot be more."""

_MOST_BYTES_PER_PIXEL = 8
_MOST_METADATA = 1 << 24
_TIFF_MAGIC = (b"II", b"MM")
_LOSSLESS = {"1": "L", "L": "L", "P": "RGB", "RGB": "RGB"}
_pillow_muted = Silence("PIL")
_DECODING_ERRORS = (
    OSError, ValueError, TypeError, SyntaxError, EOFError, LookupError, ArithmeticError,
    AttributeError, RuntimeError, struct.error, zlib.error,
)  # fmt: skip
"""What Pillow's readers raise for damaged bytes."""


def read_image(
    path: Path,
    *,
    color: Color,
    max_pixels: int,
    size: tuple[int, int] | None,
    resize_mode: ResizeMode,
    oddities: Oddities | None,
) -> NDArray[np.uint8]:
    """The pixels (height, width, channels) of the one picture in `path`, turned as EXIF says.

    Args:
        color: `rgb` gives 3 channels, `grayscale` 1, `auto` as many as the picture has. To convert
            drops transparency, and the lower 8 of 16 bits.
        max_pixels: a larger picture is refused by its header, before it is decoded.
        size: (height, width) to resize to, as `resize_mode` says; None to keep the size.
        oddities: takes pictures that are very large, or not what their ending says; None for a
            picture that was looked at before.

    Raises:
        DataError: it is no picture of a known format, damaged, too large, animated, unreadable,
            or of a mode that `color` does not take.
    """
    with opened(path, max_pixels=max_pixels, is_new=oddities is not None) as picture:
        if oddities is not None:
            note_oddities(picture, path, oddities)
        ImageOps.exif_transpose(picture, in_place=True)
        decoded = converted(picture, path, color)
        if size is not None:
            decoded = resized(decoded, size, resize_mode)
        pixels = np.asarray(decoded)
        return pixels.reshape(*pixels.shape[:2], -1)


@contextmanager
def opened(path: Path, *, max_pixels: int, is_new: bool) -> Iterator[Image.Image]:
    """The picture in `path`, its header checked, not yet decoded; DataError as `read_image`.

    Whatever its reader raises within the context is a DataError too.

    Args:
        is_new: False for a picture that was decoded before.
    """
    content = _content(path, max_pixels)
    with _damage_named(path), _recognised(content, is_new=is_new) as picture:
        _check_header(picture, path, max_pixels)
        yield picture


def format_of(picture: Image.Image) -> str:
    """`JPEG`, `PNG` and so on."""
    # Phones append previews and depth maps to a JPEG, which Pillow then calls MPO.
    return "JPEG" if picture.format == "MPO" else picture.format or ""


def _content(path: Path, max_pixels: int) -> bytes:
    """The whole file: Pillow asks a file, unlike bytes, for as much as a forged length says."""
    limit = _MOST_BYTES_PER_PIXEL * max_pixels + _MOST_METADATA
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise DataError(
            f"{path}: more than {limit} bytes exceeds data.max_pixels={max_pixels}",
            fix="remove it, or raise data.max_pixels",
        )
    return content


@contextmanager
def _recognised(content: bytes, *, is_new: bool) -> Iterator[Image.Image]:
    """By content, whatever the name says; what Pillow would warn of is judged here instead."""
    # libtiff has nothing to say of a file that it could decode before, and stderr is everybody's.
    may_complain = is_new and content.startswith(_TIFF_MAGIC)
    with (
        _pillow_muted,
        native_stderr_hidden() if may_complain else nullcontext(),
        Image.open(io.BytesIO(content), formats=tuple(_SUFFIXES)) as picture,
    ):
        yield picture


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except UnidentifiedImageError as error:
        known = ", ".join(_SUFFIXES)
        raise DataError(f"{path}: not an image", fix=f"remove it, or save it as {known}") from error
    except Image.DecompressionBombError as error:
        raise DataError(
            f"{path}: more than {MOST_PIXELS} pixels exceeds data.max_pixels", fix="remove it"
        ) from error
    except _DECODING_ERRORS as error:
        what = "truncated" if "truncated" in str(error).lower() else "damaged"
        raise DataError(
            f"{path}: {what} image ({str(error)[:80]})", fix="restore or remove it"
        ) from error


def _check_header(picture: Image.Image, path: Path, max_pixels: int) -> None:
    width, height = picture.size
    if width * height > max_pixels:
        raise DataError(
            f"{path}: {height}x{width} pixels exceeds data.max_pixels={max_pixels}",
            fix="remove it, or raise data.max_pixels",
        )
    frames = getattr(picture, "n_frames", 1)
    # Those of an MPO are previews: see `format_of`.
    if frames > 1 and picture.format != "MPO":
        raise DataError(f"{path}: {frames} frames, expected 1", fix="save each as its own file")


def note_oddities(picture: Image.Image, path: Path, oddities: Oddities) -> None:
    """An ending that is not that of the content, and a very large picture."""
    kind = format_of(picture)
    if path.suffix.lower() not in _SUFFIXES[kind]:
        oddities.add("pictures with a wrong extension", f"{path}, which is {kind}")
    width, height = picture.size
    if width * height > LARGE_PIXELS:
        oddities.add(f"pictures of more than {LARGE_PIXELS} pixels", f"{path}, {height}x{width}")


def converted(picture: Image.Image, path: Path, color: Color) -> Image.Image:
    """`picture`, decoded, in mode RGB or L; DataError for a mode that `color` does not take."""
    mode = picture.mode
    if mode in ("I", "F"):
        raise DataError(f"{path}: mode {mode}", fix="save it with 8 or 16 bits per channel")
    if color == "auto":
        if mode not in _LOSSLESS or picture.has_transparency_data:
            shown = f"{mode} with transparency" if mode in _LOSSLESS else mode
            raise DataError(
                f"{path}: mode {shown}", fix="set data.color=rgb or data.color=grayscale"
            )
        return picture.convert(_LOSSLESS[mode])
    if mode.startswith("I;16"):
        # Pillow's own conversion takes all above 255 as white.
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    return picture.convert("RGB" if color == "rgb" else "L")
