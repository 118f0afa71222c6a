"""The user's own pictures: a folder for each class, below train, validation and test or not."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from fmtool.config.base import PositiveInt
from fmtool.data.local import LocalConfig, existing
from fmtool.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmtool.data.class_folders import LabelledFile
    from fmtool.data.oddities import Oddities
    from fmtool.data.splits import Split, Splits


class Config(LocalConfig):
    name: Literal["image_folder"]
    resize: Annotated[list[PositiveInt], Field(min_length=2, max_length=2)] | None
    color: Literal["auto", "rgb", "grayscale"]
    max_pixels: Annotated[int, Field(gt=0, le=178_956_970)]
    """The upper limit is where Pillow takes a picture for a decompression bomb."""


def load(cfg: Config) -> "Splits":
    """Every picture, decoded in memory; DataError names the first that cannot be used."""
    from fmtool.data.class_folders import scan_class_folders
    from fmtool.data.local_splits import to_splits
    from fmtool.data.memory import require_memory
    from fmtool.data.oddities import Oddities
    from fmtool.notices import note

    root = existing(cfg.path)
    if not root.is_dir():
        raise DataError(f"{root}: not a folder", fix="name the folder of the class folders")
    found = scan_class_folders(root)
    count = sum(len(files) for files in found.splits.values())
    fix = "set a smaller data.resize"
    require_memory(count * math.prod(cfg.resize or (1, 1)), what=str(root), fix=fix)
    first = found.splits["train"][0].path
    shape = _read(first, cfg, Oddities()).shape
    require_memory(count * math.prod(shape), what=str(root), fix=fix)
    oddities = Oddities()
    parts = {
        split: _read_split(files, cfg, oddities, shape=shape, first=first)
        for split, files in found.splits.items()
    }
    splits = to_splits(
        cfg.name, found.class_names, parts, test_fraction=cfg.test_fraction, origin=str(root)
    )
    oddities.report()
    note(
        f"{cfg.name}: {count} pictures of {len(found.class_names)} classes in {root}, "
        f"{found.ignored} other files ignored"
    )
    return splits


def _read_split(
    files: "Sequence[LabelledFile]",
    cfg: Config,
    oddities: "Oddities",
    *,
    shape: tuple[int, ...],
    first: Path,
) -> "Split":
    """The pictures of a split in one array; each must have the `shape` of `first`."""
    import numpy as np

    from fmtool.data.splits import Split

    images = np.empty((len(files), *shape), np.uint8)
    for row, (path, _) in enumerate(files):
        image = _read(path, cfg, oddities)
        _require_shape(image.shape, path, shape, first)
        images[row] = image
    return Split(images, np.array([file.label for file in files], np.int32))


def _read(path: Path, cfg: Config, oddities: "Oddities") -> "NDArray[np.uint8]":
    from fmtool.data.image_files import read_image

    size = None if cfg.resize is None else (cfg.resize[0], cfg.resize[1])
    return read_image(
        path, color=cfg.color, max_pixels=cfg.max_pixels, size=size, oddities=oddities
    )


def _require_shape(
    found: tuple[int, ...], path: Path, expected: tuple[int, ...], first: Path
) -> None:
    if found[:2] != expected[:2]:
        sizes = " vs ".join(f"{height}x{width}" for height, width, _ in (found, expected))
        raise DataError(f"{path}: {sizes} of {first}", fix="set data.resize=[HEIGHT,WIDTH]")
    if found != expected:
        modes = " vs ".join("L" if shape[2] == 1 else "RGB" for shape in (found, expected))
        raise DataError(
            f"{path}: mode {modes} of {first}", fix="set data.color=rgb or data.color=grayscale"
        )
