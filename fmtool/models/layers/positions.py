"""The position of a step, as numbers and as waves; imported where Keras is.

Computed from the shape of what is read, as a table within a saved model would be long.
"""

from typing import Any

import keras
import numpy as np

_LONGEST_WAVE = 10_000.0
"""In positions, over 2 pi."""


def numbers(x: Any) -> Any:
    """int32 (batch, positions), from 0 on, for `x` (batch, positions, width)."""
    ones = keras.ops.ones_like(x[:, :, 0], dtype="int32")
    return keras.ops.subtract(keras.ops.cumsum(ones, axis=1), 1)


def waves(x: Any, count: int) -> tuple[Any, Any]:
    """Sines and cosines, float32 (1, positions, count), of `count` lengths of wave.

    The lengths grow from 2 pi in a geometric series (Vaswani et al. 2017, arXiv:1706.03762).
    """
    frequencies = _LONGEST_WAVE ** (-np.arange(count, dtype=np.float32) / count)
    angles = keras.ops.cast(numbers(x[:1, :])[..., None], "float32") * frequencies
    return keras.ops.sin(angles), keras.ops.cos(angles)


def add_sinusoidal_positions(x: Any) -> Any:
    """`x` (batch, positions, width) plus sines and cosines of each position."""
    width = x.shape[-1]
    both = keras.ops.concatenate(waves(x, -(-width // 2)), axis=-1)
    return x + keras.ops.cast(both[..., :width], x.dtype)
