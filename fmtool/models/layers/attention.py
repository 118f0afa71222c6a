"""The layers that transformers share; imported inside `build`, where Keras is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import keras

from fmtool.models.layers import blocks, positions, rotary
from fmtool.models.layers.keys import EncoderConfig


@dataclass(frozen=True)
class Encoder:
    """A stack of transformer blocks (Vaswani et al. 2017, arXiv:1706.03762).

    For images Dosovitskiy et al. 2021 (arXiv:2010.11929).

    Args:
        norm: where each part of a block is normalised: `pre`, what it reads (Xiong et al. 2020,
            arXiv:2002.04745), or `post`, its sum with that, as in the first paper.
        is_rotary: whether attention sees positions by `rotary.attend`.
    """

    cfg: EncoderConfig
    norm: Literal["pre", "post"] = "pre"
    is_rotary: bool = False

    def __call__(self, x: Any, mask: Any = None) -> Any:
        """Maps (batch, positions, width) to the same shape, normalised.

        Args:
            mask: bool (batch, positions), false for what is not attended to; None for nothing.
        """
        attend = self._attention(x, mask)
        for rate in blocks.linear_rates(self.cfg.stochastic_depth, self.cfg.depth):
            x = self._add(x, attend, rate)
            x = self._add(x, self._transform, rate)
        return normalize(x) if self.norm == "pre" else x

    def _add(self, x: Any, part: Callable[[Any], Any], rate: float) -> Any:
        y = part(normalize(x) if self.norm == "pre" else x)
        x = keras.layers.Add()([x, blocks.stochastic_depth(y, rate)])
        return x if self.norm == "pre" else normalize(x)

    def _attention(self, x: Any, mask: Any) -> Callable[[Any], Any]:
        heads, dropout = self.cfg.heads, self.cfg.attention_dropout
        width = x.shape[-1] // heads
        if self.is_rotary:
            embed = rotary.RotaryEmbedding.of_positions(x, width)
            attention = rotary.Attention(heads, dropout, embed, mask)
            return lambda x: blocks.dropout(attention(x), self.cfg.dropout)
        # One row for the positions that all the others attend to.
        attended = None if mask is None else mask[:, None]

        def attend(x: Any) -> Any:
            layer = keras.layers.MultiHeadAttention(heads, width, dropout=dropout)
            return blocks.dropout(layer(x, x, attention_mask=attended), self.cfg.dropout)

        return attend

    def _transform(self, x: Any) -> Any:
        units = int(self.cfg.mlp_ratio * self.cfg.width)
        y = blocks.activate(keras.layers.Dense(units)(x), self.cfg.activation)
        y = keras.layers.Dense(x.shape[-1])(blocks.dropout(y, self.cfg.dropout))
        return blocks.dropout(y, self.cfg.dropout)


def normalize(x: Any) -> Any:
    return keras.layers.LayerNormalization(epsilon=1e-6)(x)


def add_positions(x: Any) -> Any:
    """`x` (batch, positions, width) plus a learned vector for each position."""
    initializer = keras.initializers.RandomNormal(stddev=0.02)
    vectors = keras.layers.Embedding(x.shape[1], x.shape[2], embeddings_initializer=initializer)
    return keras.layers.Add()([x, vectors(positions.numbers(x))])


def prepend_class_token(x: Any) -> Any:
    """`x` (batch, positions, width) behind a learned vector."""
    number = keras.ops.zeros_like(x[:, :1, 0], dtype="int32")
    token = keras.layers.Embedding(1, x.shape[2], embeddings_initializer="zeros")(number)
    return keras.layers.Concatenate(axis=1)([token, x])


def pool_by_attention(x: Any, mask: Any = None) -> Any:
    """(batch, positions, width) to (batch, width): a mean whose weights depend on `x`.

    The sequence pooling of Hassani et al. 2021 (arXiv:2104.05704).

    Args:
        mask: bool (batch, positions), false for what has no weight; None for nothing.
    """
    scores = keras.layers.Dense(1)(x)
    weights = keras.layers.Softmax(axis=1)(scores, mask=None if mask is None else mask[..., None])
    return keras.ops.squeeze(keras.layers.Dot(axes=1)([weights, x]), axis=1)
