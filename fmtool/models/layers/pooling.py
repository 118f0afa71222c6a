"""One vector from the steps of a sample, padding left out; imported where Keras is."""

from typing import Any

import keras

from fmtool.models.layers.attention import pool_by_attention
from fmtool.models.layers.keys import Pooling


def pool(x: Any, mask: Any, kind: Pooling) -> Any:
    """(batch, timesteps, channels) to (batch, channels).

    Args:
        mask: bool (batch, timesteps), true for the first steps of each sample; None for all.
    """
    if kind == "mean":
        return keras.layers.GlobalAveragePooling1D()(x, mask=mask)
    if kind == "attention":
        return pool_by_attention(x, mask)
    if kind == "max":
        return _maximum(x, mask)
    return _last(x, mask)


def _maximum(x: Any, mask: Any) -> Any:
    if mask is not None:
        # The first step once more is no new maximum, whatever the numbers and their precision.
        x = keras.ops.where(mask[..., None], x, x[:, :1])
    return keras.layers.GlobalMaxPooling1D()(x)


def _last(x: Any, mask: Any) -> Any:
    if mask is None:
        return x[:, -1]
    is_followed = keras.ops.pad(mask[:, 1:], [[0, 0], [0, 1]])
    is_last = keras.ops.logical_xor(mask, is_followed)
    return keras.ops.sum(keras.ops.where(is_last[..., None], x, 0.0), axis=1)
