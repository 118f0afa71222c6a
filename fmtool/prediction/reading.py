"""Chooses how an input is read: by what it is, and by what the model reads."""

from collections.abc import Iterator

from fmtool.data.table_style import Style
from fmtool.elements import WHAT
from fmtool.errors import DataError
from fmtool.prediction import array_samples, number_tables, sources, texts
from fmtool.prediction.blocks import Block
from fmtool.prediction.sources import Source
from fmtool.prediction.subject import Subject
from fmtool.schema import PredictConfig


def blocks(cfg: PredictConfig, subject: Subject, source: Source) -> Iterator[Block]:
    """The samples of `source` as the model reads them.

    Raises DataError for an input of another kind than the model reads, and what it is read by.
    """
    metadata = subject.model.metadata
    reads, data, size = metadata.input, cfg.data, cfg.batch_size
    style = Style(data.delimiter, data.quotes, data.encoding)
    kind = source.kind
    if kind == "arrays":
        return array_samples.read(source, reads, size)
    if reads.kind == "image" and kind in ("pictures", "unknown"):
        return _pictures(cfg, subject, source)
    if reads.kind == "text" and kind in ("lines", "table", "stream"):
        return texts.read(
            source,
            subject.tokenizer,
            origin=subject.origin,
            length=metadata.trained_shape[0],
            column=data.text_column,
            style=style,
            size=size,
        )
    is_table = kind in ("table", "stream") and all(map(sources.may_have_numbers, source.paths))
    if reads.kind == "features" and is_table and len(reads.shape) == 1:
        return number_tables.read(source, metadata.trained_shape[0], style, size)
    raise DataError(
        f"input={cfg.input}: {sources.WHAT[kind]}, but {subject.origin} reads {WHAT[reads.kind]}",
        fix=f"give it {sources.ACCEPTED[reads.kind]}",
    )


def _pictures(cfg: PredictConfig, subject: Subject, source: Source) -> Iterator[Block]:
    # Imports Pillow, which texts do not need.
    from fmtool.prediction import pictures

    metadata = subject.model.metadata
    height, width, channels = metadata.trained_shape
    decoded = pictures.Pictures(
        source.paths,
        (height, width, channels),
        resize_mode=cfg.data.resize_mode or subject.resize_mode,
        color=cfg.data.color or subject.color,
        max_pixels=cfg.data.max_pixels,
    )
    return pictures.read(decoded, source.paths, metadata, cfg.batch_size)
