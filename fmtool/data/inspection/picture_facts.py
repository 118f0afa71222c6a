"""Facts of each picture of a user's own, decoded once by all cores."""

import hashlib
import struct
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from PIL import ExifTags, Image, ImageOps

from fmtool.data.inspection.sizes import TRANSPARENT
from fmtool.data.reading import picture_clashes
from fmtool.data.reading.data_warnings import DataWarnings
from fmtool.data.reading.image_files import format_of, note_oddities, opened
from fmtool.data.reading.picture_modes import Depth, Look, converted, is_deep, values_of
from fmtool.data.samples.read_ahead import cores
from fmtool.data.splitting.inputs import Levels
from fmtool.errors import DataError


class Facts(NamedTuple):
    """The facts of a picture, turned as EXIF says.

    Args:
        levels: the smallest and the largest value of a picture of more than 8 bits; None for one
            of 8 bits.
        digest: of the picture on a white background; of its values where it has more than 8 bits.
        upper: the same of the upper 8 bits of a picture of 16.
    """

    format: str
    mode: str
    height: int
    width: int
    levels: Levels | None
    digest: bytes
    upper: bytes | None = None


def facts_of(
    paths: Sequence[Path], cfg: Any, oddities: DataWarnings
) -> Iterator[Facts | DataError]:
    """The facts of each picture, in order; the pictures themselves are not kept."""

    def look(path: Path) -> Facts | DataError:
        try:
            return _facts(path, cfg, oddities)
        except DataError as problem:
            return problem

    pool = ThreadPoolExecutor(cores(), thread_name_prefix="inspection")
    try:
        yield from pool.map(look, paths)
    finally:
        pool.shutdown(cancel_futures=True)


def _facts(path: Path, cfg: Any, oddities: DataWarnings) -> Facts:
    with opened(path, max_pixels=cfg.max_pixels, is_new=True) as picture:
        kind, mode = format_of(picture), picture.mode
        if picture.has_transparency_data and "A" not in mode:
            mode += TRANSPARENT
        note_oddities(picture, path, oddities)
        if picture.getexif().get(ExifTags.Base.Orientation, 1) not in (0, 1):
            oddities.add("pictures that are turned, as their EXIF data say", str(path))
        ImageOps.exif_transpose(picture, in_place=True)
        width, height = picture.size
        if is_deep(picture):
            values = values_of(picture, path)
            levels = Levels(float(values.min()), float(values.max()))
            given = picture_clashes.content_digest(picture, path)
            upper = None
            if picture.mode.startswith("I;16"):
                look = look_of(cfg, (), keeps_upper=True)
                upper = _digest(converted(picture, path, look, None))
            return Facts(kind, mode, height, width, levels, given, upper)
        digest = _digest(converted(picture, path, look_of(cfg, ()), oddities))
        return Facts(kind, mode, height, width, None, digest)


def _digest(picture: Image.Image) -> bytes:
    width, height = picture.size
    digest = hashlib.sha256(struct.pack("<2Q", height, width))
    digest.update(picture.tobytes())
    return digest.digest()


def look_of(cfg: Any, facts: Sequence[Facts], *, keeps_upper: bool = False) -> Look:
    """The look of pictures for a training, in colour; deep ones by the range of all."""
    ends = [end for fact in facts if fact.levels is not None for end in fact.levels]
    levels: Depth = Levels(min(ends), max(*ends, min(ends) + 1)) if ends else None
    return Look(
        color="rgb",
        background=cfg.background,
        levels="upper" if keeps_upper else levels,
        max_pixels=cfg.max_pixels,
        size=None,
        resize_mode="stretch",
    )
