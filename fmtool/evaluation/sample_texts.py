"""Samples in words, for lists of those that are worth a look: texts again from their tokens,
numbers by the names of their columns."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fmtool.data.splitting import inputs
from fmtool.data.splitting.splits import Split
from fmtool.elements import Features, Pixels, Record, Sample, Tokens
from fmtool.errors import FmtoolError
from fmtool.runs.layout import TOKENIZER

_MAX_NUMBERS = 8
_MAX_CHARACTERS = 300

InWords = Callable[[int], str]
"""Gives the words for the sample of a row."""


def in_words(split: Split, element: Sample, artifacts: Mapping[str, str]) -> InWords:
    """The function for a split; of pictures it gives nothing, since they are drawn.

    Args:
        artifacts: what the run keeps of its data, by file name.
    """
    if isinstance(element, Record):
        assert isinstance(split.x, Mapping)
        parts = [_of_array(split.x[name], each, artifacts) for name, each in element.fields.items()]
        return lambda row: "; ".join(text for part in parts if (text := part(row)))
    return _of_array(split.array, element, artifacts)


def _of_array(array: Any, element: Sample, artifacts: Mapping[str, str]) -> InWords:
    if isinstance(element, Pixels):
        return lambda row: ""
    if isinstance(element, Tokens):
        decode = _decoder(artifacts.get(TOKENIZER))
        return lambda row: _shortened(decode(np.asarray(array[row]).tolist()))
    assert isinstance(element, Features)
    width = element.shape[-1]
    names, origins = _columns(artifacts, width)
    return lambda row: _numbers(np.asarray(array[row], np.float64) + origins, names)


def _decoder(content: str | None) -> Callable[[list[int]], str]:
    """A function from tokens to a text like the one they were made of, without padding (0)."""
    if content is None:
        return lambda tokens: " ".join(str(token) for token in tokens if token)
    from tokenizers import decoders

    from fmtool.data.tokenization.tokens import fitted

    tokenizer = fitted(content, origin="the run")
    if tokenizer.decoder is None:
        known = {"BPE": decoders.ByteLevel, "WordPiece": decoders.WordPiece}
        kind = known.get(type(tokenizer.model).__name__)
        if kind is not None:
            tokenizer.decoder = kind()

    def decode(tokens: list[int]) -> str:
        text: str = tokenizer.decode([token for token in tokens if token])
        return " ".join(text.split())

    return decode


def _columns(artifacts: Mapping[str, str], width: int) -> tuple[tuple[str, ...] | None, Any]:
    """Names of columns, where they have any, and what was taken off each."""
    try:
        entries = inputs.decode(artifacts)
        names, origins = (
            inputs.columns_in(entries, width=width),
            inputs.origins_in(entries, width=width),
        )
    except FmtoolError:  # damaged: the report does not depend on it
        return None, 0.0
    return names, 0.0 if origins is None else np.asarray(origins, np.float64)


def _numbers(values: Any, names: tuple[str, ...] | None) -> str:
    """The first of them; of a series those of its first steps."""
    flat = values.ravel()[:_MAX_NUMBERS].tolist()
    more = ", ..." if values.size > _MAX_NUMBERS else ""
    if names is None or values.ndim > 1:
        return ", ".join(f"{value:.4g}" for value in flat) + more
    pairs = zip(names, flat, strict=False)
    return ", ".join(f"{name} {value:.4g}" for name, value in pairs) + more


def _shortened(text: str) -> str:
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}..."
