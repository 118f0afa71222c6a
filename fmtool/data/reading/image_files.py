"""Decodes a picture of a user's data set completely, or says in one line why it cannot be used."""

import io
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.picture_modes import Look, converted, is_reduced
from fmtool.data.reading.regular_file import open_regular
from fmtool.data.reading.resizing import resized
from fmtool.data.reading.silence import Silence, native_stderr_hidden
from fmtool.errors import DataError

_SUFFIXES = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "BMP": (".bmp", ".dib"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
    "PPM": (".pbm", ".pgm", ".ppm", ".pnm", ".pfm"),
    "PCX": (".pcx",),
    "SGI": (".sgi", ".bw", ".rgb", ".rgba"),
}
"""Formats that Pillow decodes by itself or by a library in wide use. Those that start a program,
as EPS does, that have no mark of their own at the beginning, as TGA, or that need a large library
of their own, as JPEG 2000 and AVIF, are not among them."""
SUFFIXES = frozenset(suffix for suffixes in _SUFFIXES.values() for suffix in suffixes)
"""The endings of the names of pictures, lower case."""

LARGE_PIXELS = 89_478_485
"""The size from which Pillow, and we, warn of a decompression bomb."""
MAX_PIXELS = 2 * LARGE_PIXELS
"""The size from which Pillow refuses to go on; `data.max_pixels` cannot be more."""

_MAX_BYTES_PER_PIXEL = 8
_MAX_METADATA = 1 << 24
_TIFF_MAGIC = (b"II", b"MM")
_pillow_muted = Silence("PIL")
_DECODING_ERRORS = (
    OSError, ValueError, TypeError, SyntaxError, EOFError, LookupError, ArithmeticError,
    AttributeError, RuntimeError, struct.error, zlib.error,
)  # fmt: skip
"""Errors that Pillow's readers raise for damaged bytes."""


def read_image(path: Path, look: Look, oddities: DataWarnings | None) -> NDArray[np.uint8]:
    """The pixels (height, width, channels) of the picture in `path`, turned as EXIF says.

    Of several frames or pages the first is taken.

    Args:
        oddities: takes what was converted, pictures that are very large, and those that are not
            what their ending says; None for a picture that was looked at before.

    Raises:
        DataError: it is not a picture of a known format, or damaged, too large, unreadable, or of
            a mode or depth that `look` does not take.
    """
    with opened(path, max_pixels=look.max_pixels, is_new=oddities is not None) as picture:
        if oddities is not None:
            note_oddities(picture, path, oddities)
        ImageOps.exif_transpose(picture, in_place=True)
        decoded = converted(picture, path, look, oddities)
        if look.size is not None:
            decoded = resized(decoded, look.size, look.resize_mode)
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
    limit = _MAX_BYTES_PER_PIXEL * max_pixels + _MAX_METADATA
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
            f"{path}: more than {MAX_PIXELS} pixels exceeds data.max_pixels", fix="remove it"
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


def has_more_frames(picture: Image.Image) -> bool:
    """True for an animation or a file of several pages."""
    # The other frames of an MPO are previews: see `format_of`.
    return getattr(picture, "n_frames", 1) > 1 and picture.format != "MPO"


def note_oddities(picture: Image.Image, path: Path, oddities: DataWarnings) -> None:
    """Notes all that is unusual about a file; to be called before the picture is decoded."""
    kind = format_of(picture)
    if path.suffix.lower() not in _SUFFIXES[kind]:
        oddities.add("pictures with a wrong extension", f"{path}, which is {kind}")
    width, height = picture.size
    if width * height > LARGE_PIXELS:
        oddities.add(f"pictures of more than {LARGE_PIXELS} pixels", f"{path}, {height}x{width}")
    if has_more_frames(picture):
        kind = "pictures of several frames or pages, of which the first is taken"
        oddities.add(kind, str(path), is_usual=True)
    if is_reduced(picture):
        oddities.add("colour pictures of 16 bits a channel, of which 8 are read", str(path))
