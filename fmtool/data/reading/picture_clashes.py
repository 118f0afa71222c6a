"""Finds different pictures of different targets that became equal by a conversion.

Such a loss is silent otherwise: the network sees one sample with two classes.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from fmtool.data.reading.image_files import has_more_frames, opened, read_image
from fmtool.data.reading.picture_modes import BACKGROUNDS, Look, is_deep, is_reduced, values_of
from fmtool.data.reading.regular_file import open_regular
from fmtool.data.splitting.inputs import Levels
from fmtool.errors import DataError
from fmtool.targets import Target

_CANNOT_TELL = "remove one of them, or give both one class"


class Labelled(NamedTuple):
    """Pictures that were read.

    Args:
        digests: uint8 (n, bytes), of each as it was converted.
        labels: rows of the target, (n, ...).
    """

    paths: Sequence[Path]
    digests: NDArray[np.uint8]
    labels: NDArray[Any]


def check(
    parts: Iterable[Labelled],
    target: Target,
    look: Look,
    *,
    levels: Sequence[tuple[str, Levels]] = (),
) -> None:
    """DataError, with the key to change, for two files that only the conversion made equal.

    Originals are decoded again only where converted pictures of several classes are equal.

    Args:
        levels: others that may tell deep pictures apart, with the value of `data.levels`.
    """
    for clash in _clashes(parts):
        known: dict[bytes, tuple[Path, Any]] = {}
        for path, label in clash:
            original = identity(path, look.max_pixels)
            for other, (its_path, its_label) in known.items():
                if other != original and its_label != label:
                    names = target.shown(its_label), target.shown(label)
                    keys = _alternatives((its_path, path), look, levels)
                    raise _problem((its_path, path), names, keys)
            known.setdefault(original, (path, label))


def identity(path: Path, max_pixels: int) -> bytes:
    """A digest of all that is in a picture; equal for the same picture in other formats."""
    with opened(path, max_pixels=max_pixels, is_new=True) as picture:
        if not has_more_frames(picture) and not is_reduced(picture):
            ImageOps.exif_transpose(picture, in_place=True)
            return content_digest(picture, path)
    # What Pillow does not give is in the bytes.
    with open_regular(path) as file:
        return hashlib.sha256(file.read()).digest()


def content_digest(picture: Image.Image, path: Path) -> bytes:
    """SHA-256 of a decoded picture, whatever the mode that holds it."""
    if is_deep(picture):
        values = values_of(picture, path)
        content, form = values.astype("<f8"), "values"
    elif picture.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        content, form = np.asarray(picture), picture.mode
    else:
        content, form = np.array(picture.convert("RGBA")), "RGBA"
        # Nothing shows of a colour that is wholly transparent.
        content[content[..., 3] == 0] = 0
    if (content == content[0, 0]).all():
        # An empty picture is the same in any size.
        content = content[:1, :1]
    digest = hashlib.sha256(f"{form} {content.shape[:2]}".encode())
    digest.update(np.ascontiguousarray(content).data)
    return digest.digest()


def _clashes(parts: Iterable[Labelled]) -> Iterator[list[tuple[Path, Any]]]:
    """Pictures that are equal once converted, where they are of several classes."""
    first: dict[bytes, Any] = {}
    mixed: set[bytes] = set()
    parts = list(parts)
    for part in parts:
        for digest, label in zip(part.digests, part.labels.tolist(), strict=True):
            key = digest.tobytes()
            if first.setdefault(key, label) != label:
                mixed.add(key)
    if not mixed:
        return
    groups: dict[bytes, list[tuple[Path, Any]]] = {key: [] for key in mixed}
    for part in parts:
        rows = zip(part.paths, part.digests, part.labels.tolist(), strict=True)
        for path, digest, label in rows:
            if (key := digest.tobytes()) in groups:
                groups[key].append((path, label))
    yield from sorted(sorted(group) for group in groups.values())


def _problem(
    paths: tuple[Path, Path], names: tuple[str, str], alternatives: Iterator[tuple[str, Look]]
) -> DataError:
    fix = _CANNOT_TELL
    for words, other in alternatives:
        one, another = (read_image(path, other, None) for path in paths)
        if one.shape != another.shape or not np.array_equal(one, another):
            fix = f"set {words}"
            break
    (a, b), (said_a, said_b) = paths, names
    return DataError(
        f"{a} ({said_a}) and {b} ({said_b}) are different pictures, but equal as they are read",
        fix=fix,
    )


def _alternatives(
    paths: tuple[Path, Path], look: Look, levels: Sequence[tuple[str, Levels]]
) -> Iterator[tuple[str, Look]]:
    """Keys that may tell two pictures apart, with how they would be read."""
    for background in BACKGROUNDS[:2]:
        if background != look.background:
            yield f"data.background={background}", replace(look, background=background)
    if look.color != "rgb":
        yield "data.color=rgb", replace(look, color="rgb")
    if look.levels == "upper" and (found := _levels_of(paths, look)) is not None:
        yield "data.levels=auto", replace(look, levels=found)
    for value, other in levels:
        yield f"data.levels={value}", replace(look, levels=other)
    if look.size is not None:
        height, width = look.size
        for times in (2, 4, 8):
            larger = (times * height, times * width)
            yield f"data.resize=[{larger[0]},{larger[1]}]", replace(look, size=larger)
        for mode in ("pad", "crop", "stretch"):
            if mode != look.resize_mode:
                yield f"data.resize_mode={mode}", replace(look, resize_mode=mode)


def _levels_of(paths: tuple[Path, Path], look: Look) -> Levels | None:
    """The range of two pictures; None where they are of 8 bits, or of one value."""
    lows, highs = [], []
    for path in paths:
        with opened(path, max_pixels=look.max_pixels, is_new=False) as picture:
            if not is_deep(picture):
                return None
            values = values_of(picture, path)
            lows.append(float(values.min()))
            highs.append(float(values.max()))
    return Levels(min(lows), max(highs)) if min(lows) < max(highs) else None
