"""Chooses how an input is read: by what it is, and by what the model reads."""

from collections.abc import Iterator

from fmtool.data.reading.table_style import Style
from fmtool.elements import WHAT
from fmtool.errors import DataError
from fmtool.prediction import array_samples, number_tables, sources, texts
from fmtool.prediction.blocks import Block
from fmtool.prediction.predictor import Predictor
from fmtool.prediction.sources import Inputs
from fmtool.schema import PredictConfig


def blocks(cfg: PredictConfig, predictor: Predictor, source: Inputs) -> Iterator[Block]:
    """The samples of `source` as the model reads them.

    Raises DataError for an input of another kind than the model reads, and what it is read by.
    """
    metadata = predictor.model.metadata
    reads, data, size = metadata.input, cfg.data, cfg.batch_size
    style = data.style
    kind = source.kind
    if kind == "arrays":
        return array_samples.read(source, reads, predictor.numbers, size)
    has_cells = all(map(sources.may_be_csv, source.paths))
    are_pictures = kind in ("pictures", "unknown") or (kind == "table" and has_cells)
    if reads.kind == "image" and are_pictures:
        return _pictures(cfg, predictor, source, style)
    if reads.kind == "text" and kind in ("lines", "table", "stream"):
        return texts.read(
            source,
            predictor.tokenizer,
            origin=predictor.origin,
            length=metadata.trained_shape[0],
            column=data.text_column,
            style=style,
            size=size,
        )
    is_table = kind in ("table", "stream") and has_cells
    if reads.kind == "features" and is_table and len(reads.shape) == 1:
        return number_tables.read(source, predictor.numbers, style, size)
    raise DataError(
        f"input={cfg.input}: {sources.WHAT[kind]}, but {predictor.origin} reads {WHAT[reads.kind]}",
        fix=f"give it {sources.ACCEPTED[reads.kind]}",
    )


def _pictures(
    cfg: PredictConfig, predictor: Predictor, source: Inputs, style: Style
) -> Iterator[Block]:
    # Imports Pillow, which texts do not need.
    from fmtool.data.reading.picture_modes import Look, as_depth
    from fmtool.prediction import picture_tables, pictures

    data, metadata = cfg.data, predictor.model.metadata
    entries: list[picture_tables.Entry] = [(str(path), path) for path in source.paths]
    if source.kind == "table":
        entries = picture_tables.read(source, column=data.path_column, style=style)
    height, width, channels = metadata.trained_shape
    resize_mode = data.resize_mode or predictor.resize_mode
    look = Look(
        color=data.color or predictor.color or ("grayscale" if channels == 1 else "rgb"),
        background=data.background or predictor.background,
        levels=as_depth(data.levels) or predictor.levels,
        max_pixels=data.max_pixels,
        size=None if resize_mode is None else (height, width),
        resize_mode=resize_mode or "stretch",
    )
    decoded = pictures.Pictures([path for _, path in entries], (height, width, channels), look)
    return pictures.read(decoded, [name for name, _ in entries], metadata, cfg.batch_size)
