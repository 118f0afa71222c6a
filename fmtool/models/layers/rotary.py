"""Attention that sees how far apart two positions are (Su et al. 2021, arXiv:2104.09864).

Made of builtin layers and operations, so that a saved model loads in plain Keras.
"""

from dataclasses import dataclass
from typing import Any

import keras

from fmtool.models.layers import blocks, positions


@dataclass(frozen=True)
class RotaryEmbedding:
    """Turns pairs of channels by an angle that grows with the position.

    Args:
        sines, cosines: (1, positions, 1, pairs).
    """

    sines: Any
    cosines: Any

    @classmethod
    def of_positions(cls, x: Any, width: int) -> "RotaryEmbedding":
        """For vectors of `width` at the positions of `x` (batch, positions, channels)."""
        sines, cosines = (
            keras.ops.cast(wave[:, :, None], x.dtype) for wave in positions.waves(x, width // 2)
        )
        return cls(sines, cosines)

    def __call__(self, x: Any) -> Any:
        """Maps (batch, positions, heads, width) to the same shape.

        A pair is a channel of the first half and one of the second; the paper pairs neighbours,
        which is the same for weights in another order.
        """
        first, second = keras.ops.split(x, 2, axis=-1)
        return keras.ops.concatenate(
            [
                first * self.cosines - second * self.sines,
                second * self.cosines + first * self.sines,
            ],
            axis=-1,
        )


@dataclass(frozen=True)
class Attention:
    """As many weights as `keras.layers.MultiHeadAttention` has.

    Args:
        dropout: of the attention weights.
        mask: bool (batch, positions), false for what is not attended to; None for nothing.
    """

    heads: int
    dropout: float
    embed: RotaryEmbedding
    mask: Any

    def __call__(self, x: Any) -> Any:
        width = x.shape[-1]
        queries, keys = self.embed(self._project(x)), self.embed(self._project(x))
        scores = keras.ops.einsum("bthd,bshd->bhts", queries, keys) * (width / self.heads) ** -0.5
        attended = None if self.mask is None else self.mask[:, None, None]
        weights = blocks.dropout(keras.layers.Softmax()(scores, mask=attended), self.dropout)
        y = keras.ops.einsum("bhts,bshd->bthd", weights, self._project(x))
        return keras.layers.Dense(width)(keras.layers.Reshape((-1, width))(y))

    def _project(self, x: Any) -> Any:
        width = x.shape[-1]
        y = keras.layers.Dense(width)(x)
        return keras.layers.Reshape((-1, self.heads, width // self.heads))(y)
