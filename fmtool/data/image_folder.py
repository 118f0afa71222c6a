"""The user's own pictures: a folder for each class, or a table of their paths and classes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from fmtool.config.base import PositiveInt
from fmtool.data.base import RisingPair
from fmtool.data.reading.local import LocalConfig, existing, log_summary
from fmtool.data.reading.table_style import TableConfig
from fmtool.data.reading.target_columns import TargetConfig
from fmtool.errors import DataError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmtool.data.reading.labelled_files import LabelledFiles
    from fmtool.data.reading.picture_modes import Look
    from fmtool.data.splitting.inputs import Levels
    from fmtool.data.splitting.measured import Measured
    from fmtool.data.splitting.splits import Splits
    from fmtool.targets import Target


class Config(LocalConfig, TableConfig, TargetConfig):
    name: Literal["image_folder"]
    path_column: str | None
    label_column: str | None
    split_column: str | None
    pictures_dir: str | None
    resize: Annotated[list[PositiveInt], Field(min_length=2, max_length=2)] | None
    resize_mode: Literal["stretch", "crop", "pad"]
    color: Literal["auto", "rgb", "grayscale"]
    background: Literal["white", "black", "none"]
    levels: Literal["auto", "upper"] | RisingPair
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
    """See `_load`."""
    return _load(cfg, None)


def load_measured(cfg: Config, measured: "Measured") -> "Splits":
    """The samples that are to be measured, as a test split; see `_load`."""
    return _load(cfg, measured)


def _load(cfg: Config, measured: "Measured | None") -> "Splits":
    """Decodes every picture once, whether it is kept in memory or decoded again on access.

    Pictures of more than 8 bits are measured; `fit` and `restore` say which values become 0 and
    255.

    Raises:
        DataError: a picture, which is named, cannot be used.
        OutOfMemory: the pictures do not fit into memory; with `stream` and `auto`, a single one.
    """
    from fmtool.data.reading.data_warnings import DataWarnings
    from fmtool.data.reading.deep_pictures import first_is_deep
    from fmtool.data.reading.image_files import read_image
    from fmtool.data.reading.picture_files import PictureFiles
    from fmtool.data.splitting import picture_splits
    from fmtool.data.splitting.inputs import Levels

    root = existing(cfg.path)
    found = _found(cfg, root, None if measured is None else measured.target)
    if measured is not None:
        found = replace(found, splits=measured.chosen(found.splits))
    oddities, look = DataWarnings(), _look(cfg)
    count = sum(map(len, found.splits.values()))
    _require_memory(cfg, count, cfg.resize or (1, 1))
    first = found.splits["train"][0].path
    are_deep = isinstance(cfg.levels, list) or (
        cfg.levels == "auto" and first_is_deep(first, cfg.max_pixels)
    )
    if are_deep:
        look = replace(look, levels=Levels(0, 1))
    shape = read_image(first, look, None).shape
    _require_memory(cfg, count, shape)
    splits: Splits
    if are_deep:
        splits = picture_splits.of_more_bits(
            cfg,
            found,
            look,
            shape=shape,
            given=_given(cfg),
            oddities=oddities,
            origin=str(root),
        )
    else:
        pictures = {
            split: PictureFiles(
                [file.path for file in files], look, shape=shape, first=first, oddities=oddities
            )
            for split, files in found.splits.items()
        }
        splits = picture_splits.of_8_bits(cfg, found, pictures, look=look, origin=str(root))
    oddities.report()
    if measured is None:
        log_summary(splits, "pictures", root, ignored=found.ignored)
    return splits


def fit(cfg: Config, splits: "Splits", rows: "NDArray[np.int32]") -> "Splits":
    """Pictures of more than 8 bits by the range of the training rows; see `picture_splits.fit`."""
    from fmtool.data.splitting import picture_splits

    return picture_splits.fit(cfg, splits, rows, given=_given(cfg), origin=cfg.path)


def restore(cfg: Config, splits: "Splits", artifacts: Mapping[str, str]) -> "Splits":
    """Pictures by the levels of a run; see `picture_splits.restore`."""
    from fmtool.data.splitting import picture_splits

    return picture_splits.restore(cfg, splits, artifacts, origin=cfg.path)


def check(cfg: Config, splits: "Splits") -> None:
    """DataError for what `load` cannot know, and a training on all rows refuses."""
    import numpy as np

    fit(cfg, splits, np.arange(len(splits.train), dtype=np.int32))


def originals(
    cfg: Config, rows: "NDArray[np.int64]", artifacts: Mapping[str, str]
) -> "list[NDArray[np.uint8]]":
    """Test samples as they are on disk, (height, width, channels): decoded, but not resized.

    Args:
        rows: of the test split.
        artifacts: of the run.
    """
    import numpy as np

    from fmtool.data.reading.image_files import read_image
    from fmtool.data.splitting import inputs
    from fmtool.data.splitting.local_splits import train_and_test
    from fmtool.data.splitting.splits import Split

    root = existing(cfg.path)
    found, look = _found(cfg, root, None), replace(_look(cfg), size=None)
    if (levels := inputs.levels_in(inputs.decode(artifacts))) is not None:
        look = replace(look, levels=levels)
    y = found.targets()
    parts = {
        split: Split(np.array([str(file.path) for file in files]), y[split])
        for split, files in found.splits.items()
    }
    _, test = train_and_test(cfg, found.target, parts, origin=str(root))
    return [read_image(Path(str(test.x[row])), look, None) for row in rows]


def _found(cfg: Config, root: Path, known: "Target | None") -> "LabelledFiles":
    from fmtool.data.reading import delimited
    from fmtool.data.reading.class_folders import scan_class_folders
    from fmtool.data.reading.label_table import read_label_table
    from fmtool.data.reading.picture_columns import Columns

    if root.suffix.lower() in delimited.SUFFIXES and not root.is_dir():
        target = cfg.columns_of_target()
        if known is not None:
            target = target._replace(kind=known.kind)
        columns = Columns(cfg.path_column, cfg.label_column, cfg.split_column, target)
        return read_label_table(
            root, columns=columns, pictures_dir=cfg.pictures_dir, style=cfg.style, known=known
        )
    if not root.is_dir():
        raise DataError(
            f"{root}: not a folder", fix="name the folder of the class folders, or a .csv or .tsv"
        )
    for key in ("path_column", "label_column", "label_columns", "split_column", "pictures_dir"):
        if getattr(cfg, key) is not None:
            raise UsageError(
                f"data.{key} is of a table, but {root} is a folder", fix="name the table"
            )
    cfg.columns_of_target().require_label(f"{root}: class folders")
    return scan_class_folders(root, known=None if known is None else known.names)


def _given(cfg: Config) -> "Levels | None":
    """The two values that are to become 0 and 255; None where pictures say which."""
    from fmtool.data.splitting.inputs import Levels

    return Levels(*cfg.levels) if isinstance(cfg.levels, list) else None


def _look(cfg: Config) -> "Look":
    from fmtool.data.reading.picture_modes import Look

    return Look(
        color=cfg.color,
        background=cfg.background,
        levels="upper" if cfg.levels == "upper" else None,
        max_pixels=cfg.max_pixels,
        size=None if cfg.resize is None else (cfg.resize[0], cfg.resize[1]),
        resize_mode=cfg.resize_mode,
    )


def _require_memory(cfg: Config, count: int, shape: Sequence[int]) -> None:
    from fmtool.machine.memory import require_memory

    held = count if cfg.storage in ("device", "host") else 1
    fix = "set a smaller data.resize"
    if held > 1:
        fix += ", or data.storage=stream"
    require_memory(held * math.prod(shape), what=str(Path(cfg.path)), fix=fix)
