"""Texts as tokens, made by the tokenizer of the training, cut and padded as there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fmtool.data.reading import text_tables
from fmtool.data.reading.labelled_text import fault_of
from fmtool.data.reading.table_style import Style
from fmtool.data.reading.text_lines import LineError, read_lines
from fmtool.data.reading.text_tables import Columns
from fmtool.data.samples.strings import texts_of
from fmtool.data.tokenization import tokenizer, tokens
from fmtool.errors import DataError
from fmtool.prediction.blocks import Block, Item, of_items
from fmtool.prediction.sources import Inputs

_COLUMN = "text"


def read(
    source: Inputs,
    content: str | None,
    *,
    origin: str,
    length: int,
    column: str | None,
    style: Style,
    size: int,
) -> Iterator[Block]:
    """Blocks of up to `size` texts: lines, or what stands in a column of a table.

    Args:
        content: of tokenizer.json; None where the model has none beside it.
        origin: the model, for messages.
        length: of the texts that the model reads, in tokens.
        column: with the texts; None for the usual one in a table, and for lines in a stream.

    Raises:
        DataError: the tokenizer is missing, damaged, or not of this model.
        UsageError: the package that makes tokens is missing.
    """
    fitted = tokens.fitted(content, origin=origin)
    found = fitted.truncation["max_length"]
    if found != length:
        raise DataError(
            f"{origin} reads {length} tokens, the tokenizer beside it makes {found}",
            fix="put the tokenizer.json there that belongs to it",
        )

    def to_samples(texts: list[str]) -> NDArray[Any]:
        return tokenizer.table(fitted, texts_of(texts))

    items = (item for path in source.paths for item in _items(source, path, column, style))
    yield from of_items(items, size, to_samples)


def _items(source: Inputs, path: Path, column: str | None, style: Style) -> Iterator[Item[str]]:
    problems: list[DataError] = []

    def drained() -> Iterator[Item[str]]:
        while problems:
            problem = problems.pop(0)
            yield source.name_of(path, getattr(problem, "line", "")), problem

    is_table = source.kind == "table" or (source.kind == "stream" and column is not None)
    found = _of_table if is_table else _of_lines
    for line, text in found(path, column or _COLUMN, style, problems):
        yield from drained()
        fault = fault_of(text)
        error = None if fault is None else LineError(path, line, fault[0], fix=fault[1])
        yield source.name_of(path, line), error or text
    yield from drained()


def _of_table(
    path: Path, column: str, style: Style, problems: list[DataError]
) -> Iterator[tuple[int, str]]:
    columns = Columns(column, None, None)
    for record in text_tables.read_table(path, columns, style, problems.append, is_kept=False):
        yield record.line, record.text


def _of_lines(
    path: Path, _: str, style: Style, problems: list[DataError]
) -> Iterator[tuple[int, str]]:
    for line in read_lines(path, style.encoding, problems.append, is_kept=False):
        yield line.number, line.text
