"""Samples of any kind as one step after another; imported inside `build`, where Keras is."""

from dataclasses import dataclass
from typing import Any

import keras

from fmtool.elements import Element, Pixels, Tokens
from fmtool.models.layers import blocks
from fmtool.models.layers.keys import SequenceConfig, TextConfig, embedding_width

EMBEDDING_WIDTH = 128
"""Numbers for each token where neither the config nor the data says."""


@dataclass(frozen=True)
class Timesteps:
    """The input of a model of series, and its steps.

    Args:
        inputs: of the model, as the data set has them.
        x: (batch, timesteps, channels).
        mask: bool (batch, timesteps), false behind the end of a text; None where every step counts.
    """

    inputs: Any
    x: Any
    mask: Any


def of_sample(
    cfg: SequenceConfig, element: Element, *, embedding_width: int = EMBEDDING_WIDTH
) -> Timesteps:
    """The steps of a sample in which `keys.check` has found some.

    Args:
        embedding_width: see `keys.embedding_width`.
    """
    if isinstance(element, Tokens):
        return of_text(cfg, element, embedding_width=embedding_width)
    inputs = keras.Input(element.shape)
    x = _of_image(cfg, element, inputs) if isinstance(element, Pixels) else inputs
    return Timesteps(inputs, x, None)


def of_text(
    cfg: TextConfig, tokens: Tokens, *, embedding_width: int = EMBEDDING_WIDTH
) -> Timesteps:
    """A vector for each token. A text without tokens counts as one of one padding token."""
    inputs = keras.Input(tokens.shape, dtype=tokens.dtype)
    x = _embed(cfg, tokens, inputs, embedding_width)
    is_token = keras.ops.not_equal(inputs, 0)
    mask = keras.ops.concatenate([keras.ops.ones_like(is_token[:, :1]), is_token[:, 1:]], axis=1)
    return Timesteps(inputs, blocks.dropout(x, cfg.embedding_dropout), mask)


def _embed(cfg: TextConfig, tokens: Tokens, inputs: Any, otherwise: int) -> Any:
    width = embedding_width(cfg, tokens, otherwise=otherwise)
    embedding = keras.layers.Embedding(tokens.vocabulary, width, trainable=cfg.train_embedding)
    x = embedding(inputs)
    if tokens.vectors is not None:
        # Not an initializer, which a saved model would hold a second time, as text.
        embedding.embeddings.assign(tokens.vectors)
    return x


def _of_image(cfg: SequenceConfig, image: Pixels, x: Any) -> Any:
    height, width, channels = image.shape
    if cfg.steps == "rows":
        return keras.layers.Reshape((height, width * channels))(x)
    if cfg.steps == "columns":
        x = keras.layers.Permute((2, 1, 3))(x)
        return keras.layers.Reshape((width, height * channels))(x)
    size = cfg.patch_size
    down, across = height // size, width // size
    x = x[:, : down * size, : across * size]  # whole patches, as a convolution would read them
    x = keras.layers.Reshape((down, size, across, size, channels))(x)
    x = keras.layers.Permute((1, 3, 2, 4, 5))(x)
    return keras.layers.Reshape((down * across, size * size * channels))(x)


def reverse(x: Any, mask: Any) -> Any:
    """`x` (batch, timesteps, channels) from the last step that counts to the first, padding behind.

    Args:
        mask: bool (batch, timesteps), true for the first steps of each sample; None for all.
    """
    if mask is None:
        return keras.ops.flip(x, axis=1)
    counted = keras.ops.cast(mask, "int32")
    # How many steps follow; behind the end that is none.
    order = keras.ops.sum(counted, axis=1, keepdims=True) - keras.ops.cumsum(counted, axis=1)
    return keras.ops.take_along_axis(x, order[..., None], axis=1)
