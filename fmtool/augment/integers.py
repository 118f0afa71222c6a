"""Uniforms to integers; imported where Keras is."""

from typing import Any

from keras import ops


def integers_below(count: Any, uniforms: Any) -> Any:
    """int32 in [0, count), each as likely; `count` is a number or a tensor that broadcasts.

    No product rounds up to `count`: the largest float32 below 1, times n, is below n for every
    whole n that a float32 holds.
    """
    return ops.cast(uniforms * ops.cast(count, "float32"), "int32")
