"""The user's own pictures: a folder for each class, or a table of their paths and classes."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from fmtool.config.base import PositiveInt
from fmtool.data.local import LocalConfig, existing, is_held, tell
from fmtool.data.table_style import TableConfig
from fmtool.errors import DataError, UsageError

if TYPE_CHECKING:
    from fmtool.data.labelled_files import LabelledFile, LabelledFiles
    from fmtool.data.oddities import Oddities
    from fmtool.data.picture_files import Decode, PictureFiles
    from fmtool.data.splits import Splits


class Config(LocalConfig, TableConfig):
    name: Literal["image_folder"]
    path_column: str | None
    label_column: str | None
    split_column: str | None
    pictures_dir: str | None
    resize: Annotated[list[PositiveInt], Field(min_length=2, max_length=2)] | None
    resize_mode: Literal["stretch", "crop", "pad"]
    color: Literal["auto", "rgb", "grayscale"]
    max_pixels: Annotated[int, Field(gt=0, le=178_956_970)]
    """The upper limit is where Pillow takes a picture for a decompression bomb."""

    @model_validator(mode="after")
    def _resize_mode_has_a_size(self) -> "Config":
        if self.resize is None and self.resize_mode != "stretch":
            raise ValueError(
                f"resize_mode={self.resize_mode} without a size; set data.resize=[HEIGHT,WIDTH]"
            )
        return self


def load(cfg: Config) -> "Splits":
    """Decodes every picture once, whether it is kept in memory or decoded again on access.

    Raises:
        DataError: a picture, which is named, cannot be used.
        OutOfMemory: the pictures do not fit into memory; with `stream` and `auto`, a single one.
    """
    import numpy as np

    from fmtool.data.images import pixels_of
    from fmtool.data.local_splits import to_splits
    from fmtool.data.oddities import Oddities
    from fmtool.data.splits import Split

    root = existing(cfg.path)
    found, oddities = _found(cfg, root), Oddities()
    pictures = _pictures(cfg, found.splits, oddities)
    parts = {
        split: Split(pictures[split], np.array([file.label for file in files], np.int32))
        for split, files in found.splits.items()
    }
    splits = to_splits(
        cfg,
        found.class_names,
        parts,
        element=pixels_of(pictures["train"]),
        origin=str(root),
        is_held=is_held(cfg, sum(math.prod(each.shape) for each in pictures.values())),
    )
    for each in pictures.values():
        each.have_been_read()
    oddities.report()
    tell(splits, "pictures", root, ignored=found.ignored)
    return splits


def _found(cfg: Config, root: Path) -> "LabelledFiles":
    from fmtool.data import delimited
    from fmtool.data.class_folders import scan_class_folders
    from fmtool.data.label_table import Columns, read_label_table

    if root.suffix.lower() in delimited.SUFFIXES and not root.is_dir():
        columns = Columns(cfg.path_column, cfg.label_column, cfg.split_column)
        return read_label_table(
            root, columns=columns, pictures_dir=cfg.pictures_dir, style=cfg.style
        )
    if not root.is_dir():
        raise DataError(
            f"{root}: not a folder", fix="name the folder of the class folders, or a .csv or .tsv"
        )
    for key in ("path_column", "label_column", "split_column", "pictures_dir"):
        if getattr(cfg, key) is not None:
            raise UsageError(
                f"data.{key} is of a table, but {root} is a folder", fix="name the table"
            )
    return scan_class_folders(root)


def _pictures(
    cfg: Config, splits: "Mapping[str, Sequence[LabelledFile]]", oddities: "Oddities"
) -> "dict[str, PictureFiles]":
    """By split; one picture is decoded to know the shape of all."""
    from fmtool.data.oddities import Oddities
    from fmtool.data.picture_files import PictureFiles

    decode = _decoder(cfg)
    count = sum(map(len, splits.values()))
    _require_memory(cfg, count, cfg.resize or (1, 1))
    first = splits["train"][0].path
    shape = decode(first, Oddities()).shape
    _require_memory(cfg, count, shape)
    return {
        split: PictureFiles(
            [file.path for file in files], decode, shape=shape, first=first, oddities=oddities
        )
        for split, files in splits.items()
    }


def _decoder(cfg: Config) -> "Decode":
    from fmtool.data.image_files import read_image

    size = None if cfg.resize is None else (cfg.resize[0], cfg.resize[1])
    return lambda path, oddities: read_image(
        path,
        color=cfg.color,
        max_pixels=cfg.max_pixels,
        size=size,
        resize_mode=cfg.resize_mode,
        oddities=oddities,
    )


def _require_memory(cfg: Config, count: int, shape: Sequence[int]) -> None:
    from fmtool.data.memory import require_memory

    held = count if cfg.storage in ("device", "host") else 1
    fix = "set a smaller data.resize"
    if held > 1:
        fix += ", or data.storage=stream"
    require_memory(held * math.prod(shape), what=str(Path(cfg.path)), fix=fix)
