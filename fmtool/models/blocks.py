"""The layers that several architectures share; imported inside `build`, where Keras is."""

from typing import Any

import keras

from fmtool.models.base import Normalization


def normalize(x: Any, kind: Normalization) -> Any:
    """`x` after the named normalization layer, unchanged for `none`."""
    if kind == "batch":
        return keras.layers.BatchNormalization()(x)
    if kind == "layer":
        return keras.layers.LayerNormalization()(x)
    return x


def drop(x: Any, rate: float) -> Any:
    """`x` after dropout; no layer at all for a rate of 0."""
    return keras.layers.Dropout(rate)(x) if rate else x


def logits(x: Any, num_classes: int) -> Any:
    """The output layer: float32 whatever the precision, so that losses and exports are exact."""
    return keras.layers.Dense(num_classes, dtype="float32", name="logits")(x)
