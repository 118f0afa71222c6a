"""The layers that several architectures share; imported inside `build`, where Keras is."""

from typing import Any

import keras

from fmtool.models.base import Activation, Normalization


def normalize(x: Any, kind: Normalization) -> Any:
    """`x` after the named normalization layer, unchanged for `none`."""
    if kind == "batch":
        return keras.layers.BatchNormalization()(x)
    if kind == "layer":
        return keras.layers.LayerNormalization()(x)
    return x


def activate(x: Any, kind: Activation) -> Any:
    """`x` after an activation; gelu by tanh, which costs less than the exact one by erf."""
    if kind == "gelu":
        return keras.ops.gelu(x, approximate=True)
    return keras.layers.Activation(kind)(x)


def drop(x: Any, rate: float) -> Any:
    """`x` after dropout; no layer at all for a rate of 0."""
    return keras.layers.Dropout(rate)(x) if rate else x


def logits(
    x: Any, num_classes: int, *, use_bias: bool = True, kernel_initializer: Any = "glorot_uniform"
) -> Any:
    """The output layer: float32 whatever the precision, so that losses and exports are exact."""
    return keras.layers.Dense(
        num_classes,
        use_bias=use_bias,
        kernel_initializer=kernel_initializer,
        dtype="float32",
        name="logits",
    )(x)
