"""Layers by the names that plugins of earlier releases know, as `fmtool.models.blocks`."""

from typing import Any

import keras

from fmtool.models.layers.blocks import (
    activate,
    convolve,
    dropout,
    hidden_layers,
    normalize,
    normalize_and_activate,
    squeeze_and_excite,
)

__all__ = [
    "activate",
    "convolve",
    "drop",
    "hidden_layers",
    "logits",
    "normalize",
    "normalize_and_activate",
    "squeeze_and_excite",
]

drop = dropout


def logits(
    x: Any, num_classes: int, *, use_bias: bool = True, kernel_initializer: Any = "glorot_uniform"
) -> Any:
    """Float32 logits (batch, num_classes), for a model that has no head behind it."""
    return keras.layers.Dense(
        num_classes,
        use_bias=use_bias,
        kernel_initializer=kernel_initializer,
        dtype="float32",
        name="logits",
    )(x)
