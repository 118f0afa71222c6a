"""The layers that several architectures share; imported inside `build`, where Keras is."""

from collections.abc import Sequence
from typing import Any

import keras

from fmtool.models.base import Activation, DropoutKind, Normalization

Size = int | tuple[int, int]
"""The size of a kernel: pixels a side, or height and width."""


def normalize(x: Any, kind: Normalization, momentum: float = 0.99) -> Any:
    """`x` after the named normalization layer, unchanged for `none`.

    Args:
        momentum: share of the old batch statistics at each step, of `batch`.
    """
    if kind == "batch":
        return keras.layers.BatchNormalization(momentum=momentum)(x)
    if kind == "layer":
        return keras.layers.LayerNormalization()(x)
    return x


def convolve(
    x: Any, filters: int, kernel_size: Size, *, strides: int = 1, use_bias: bool = False
) -> Any:
    """A convolution whose weights begin as in He et al. 2015.

    Args:
        use_bias: of no use where a normalization follows.
    """
    return keras.layers.Conv2D(
        filters,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=use_bias,
        kernel_initializer="he_normal",
    )(x)


def downsample(x: Any, *, pool_size: int = 3) -> Any:
    """Max-pooling with stride 2; of an odd size the larger half."""
    return keras.layers.MaxPooling2D(pool_size, strides=2, padding="same")(x)


def activate(x: Any, kind: Activation) -> Any:
    """`x` after an activation; gelu by tanh, which costs less than the exact one by erf."""
    if kind == "gelu":
        return keras.ops.gelu(x, approximate=True)
    return keras.layers.Activation(kind)(x)


def normalize_and_activate(
    x: Any, activation: Activation, normalization: Normalization, momentum: float = 0.99
) -> Any:
    """As most networks have it behind a convolution, in this order."""
    return activate(normalize(x, normalization, momentum), activation)


def dropout(x: Any, rate: float) -> Any:
    """`x` after dropout; no layer at all for a rate of 0."""
    return keras.layers.Dropout(rate)(x) if rate else x


def hidden_layers(
    x: Any,
    units: Sequence[int],
    activation: Activation,
    rate: float,
    *,
    normalization: Normalization = "none",
    momentum: float = 0.99,
    kernel_initializer: str = "glorot_uniform",
) -> Any:
    """Dense layers of so many `units`, each normalised, activated and then dropped from.

    Args:
        rate: of the dropout.
        momentum: of the batch statistics, with `normalization="batch"`.
    """
    for count in units:
        x = keras.layers.Dense(count, kernel_initializer=kernel_initializer)(x)
        x = dropout(normalize_and_activate(x, activation, normalization, momentum), rate)
    return x


def feature_dropout(x: Any, rate: float, kind: DropoutKind, block_size: int) -> Any:
    """`x`, images (batch, height, width, channels), after dropout of a kind; see `dropblock`."""
    if not rate or kind == "standard":
        return dropout(x, rate)
    if kind == "spatial":
        return keras.layers.SpatialDropout2D(rate)(x)
    return dropblock(x, rate, block_size)


def dropblock(x: Any, rate: float, block_size: int) -> Any:
    """DropBlock (Ghiasi et al. 2018, arXiv:1810.12890): squares of each channel become 0.

    Made of Keras' dropout on ones, whose zeros are the corners of squares, so that a model with it
    loads in plain Keras. What is left is scaled up by what was really dropped of the batch.

    Args:
        rate: about the share that is dropped; squares that overlap make it less.
        block_size: pixels a side; of smaller images all of a channel is dropped.
    """
    height, width, _ = x.shape[1:]
    side = min(block_size, height, width)
    rows, columns = height - side + 1, width - side + 1
    corners = keras.ops.ones_like(x[:, :rows, :columns])
    corner_rate = rate * height * width / (side**2 * rows * columns)
    corners = keras.layers.Dropout(corner_rate)(corners)
    dropped = keras.ops.cast(keras.ops.equal(corners, 0), x.dtype)
    around = (side - 1, side - 1)
    dropped = keras.ops.pad(dropped, [(0, 0), around, around, (0, 0)])
    for pool_size in ((side, 1), (1, side)):  # 2 * side comparisons, not side ** 2
        dropped = keras.layers.MaxPooling2D(pool_size, strides=1)(dropped)
    kept = keras.ops.stop_gradient(1 - dropped)
    share = keras.ops.mean(keras.ops.cast(kept, "float32"))
    # Above 0, as of a small batch everything may be dropped.
    scale = 1 / keras.ops.maximum(share, 1e-3)
    return x * kept * keras.ops.cast(scale, x.dtype)


def timestep_dropout(x: Any, rate: float) -> Any:
    """`x` (batch, timesteps, channels) with whole steps dropped."""
    return keras.layers.Dropout(rate, noise_shape=(None, None, 1))(x) if rate else x


def channel_dropout(x: Any, rate: float) -> Any:
    """`x` (batch, timesteps, channels) with channels dropped from all steps of a sample."""
    return keras.layers.SpatialDropout1D(rate)(x) if rate else x


def stochastic_depth(x: Any, rate: float) -> Any:
    """`x`, a residual branch, left out of whole samples while training.

    Stochastic depth (Huang et al. 2016, arXiv:1603.09382).
    """
    if not rate:
        return x
    return keras.layers.Dropout(rate, noise_shape=(None, *[1] * (len(x.shape) - 1)))(x)


def linear_rates(last: float, count: int) -> list[float]:
    """Rates that grow linearly with the depth up to `last`, as Huang et al. 2016 have them."""
    return [last * number / count for number in range(1, count + 1)]


def squeeze_and_excite(x: Any, ratio: int, activation: Activation) -> Any:
    """`x` with each channel scaled by a gate that sees all of them (Hu et al. 2018).

    Args:
        ratio: of the channels to the hidden units of the gate (arXiv:1709.01507).
    """
    channels = x.shape[-1]
    gate = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = keras.layers.Dense(max(1, channels // ratio))(gate)
    gate = keras.layers.Dense(channels, activation="sigmoid")(activate(gate, activation))
    return keras.layers.Multiply()([x, gate])
