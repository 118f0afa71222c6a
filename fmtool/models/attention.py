"""The layers that transformers share; imported inside `build`, where Keras is."""

from dataclasses import dataclass
from typing import Any

import keras

from fmtool.models import blocks
from fmtool.models.base import Activation


@dataclass(frozen=True)
class Encoder:
    """A stack of transformer blocks with the normalization first (Vaswani et al. 2017).

    arXiv:1706.03762; for images Dosovitskiy et al. 2021 (arXiv:2010.11929).

    Args:
        mlp_units: of the hidden layer in each block.
        dropout: after each part of a block.
        attention_dropout: of the attention weights.
        stochastic_depth: of the last block; see `blocks.drop_branch`.
    """

    depth: int
    heads: int
    mlp_units: int
    activation: Activation
    dropout: float
    attention_dropout: float
    stochastic_depth: float

    def __call__(self, x: Any) -> Any:
        """Maps (batch, positions, width) to the same shape, normalised."""
        for rate in blocks.growing_rates(self.stochastic_depth, self.depth):
            y = self._attend(normalize(x))
            x = keras.layers.Add()([x, blocks.drop_branch(y, rate)])
            y = self._transform(normalize(x))
            x = keras.layers.Add()([x, blocks.drop_branch(y, rate)])
        return normalize(x)

    def _attend(self, x: Any) -> Any:
        attention = keras.layers.MultiHeadAttention(
            self.heads, x.shape[-1] // self.heads, dropout=self.attention_dropout
        )
        return blocks.drop(attention(x, x), self.dropout)

    def _transform(self, x: Any) -> Any:
        y = blocks.activate(keras.layers.Dense(self.mlp_units)(x), self.activation)
        y = keras.layers.Dense(x.shape[-1])(blocks.drop(y, self.dropout))
        return blocks.drop(y, self.dropout)


def normalize(x: Any) -> Any:
    return keras.layers.LayerNormalization(epsilon=1e-6)(x)


def add_positions(x: Any) -> Any:
    """`x` (batch, positions, width) plus a learned vector for each position."""
    ones = keras.ops.ones_like(x[:, :, 0], dtype="int32")
    numbers = keras.ops.subtract(keras.ops.cumsum(ones, axis=1), 1)
    initializer = keras.initializers.RandomNormal(stddev=0.02)
    positions = keras.layers.Embedding(x.shape[1], x.shape[2], embeddings_initializer=initializer)
    return keras.layers.Add()([x, positions(numbers)])


def prepend_class_token(x: Any) -> Any:
    """`x` (batch, positions, width) behind a learned vector."""
    number = keras.ops.zeros_like(x[:, :1, 0], dtype="int32")
    token = keras.layers.Embedding(1, x.shape[2], embeddings_initializer="zeros")(number)
    return keras.layers.Concatenate(axis=1)([token, x])


def pool_by_attention(x: Any) -> Any:
    """(batch, positions, width) to (batch, width): a mean whose weights depend on `x`.

    The sequence pooling of Hassani et al. 2021 (arXiv:2104.05704).
    """
    weights = keras.layers.Softmax(axis=1)(keras.layers.Dense(1)(x))
    return keras.ops.squeeze(keras.layers.Dot(axes=1)([weights, x]), axis=1)
