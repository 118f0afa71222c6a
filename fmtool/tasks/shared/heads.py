"""Layers between a backbone and what a task reads from it; imported where Keras is."""

from typing import Any

import keras

from fmtool.representations import PLAIN, HeadHints


def logits(x: Any, count: int, hints: HeadHints = PLAIN) -> Any:
    """(batch, ..., count): one for each class, or for each question with two answers."""
    return dense(x, count, hints, name="logits")


def dense(x: Any, count: int, hints: HeadHints = PLAIN, *, name: str) -> Any:
    """(batch, ..., count): float32 whatever the precision, so that losses and exports are exact."""
    outputs = keras.layers.Dense(
        count,
        use_bias=hints.use_bias,
        kernel_initializer=hints.kernel_initializer,
        dtype="float32",
        name=name,
    )(x)
    return outputs if hints.scale == 1 else keras.ops.multiply(outputs, hints.scale)
