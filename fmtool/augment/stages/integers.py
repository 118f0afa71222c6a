"""Integers from uniforms and from other integers; imported where Keras is."""

from typing import Any

from keras import ops


def integers_below(count: Any, uniforms: Any) -> Any:
    """int32 in [0, count), each as likely; `count` is a number or a tensor that broadcasts.

    No product rounds up to `count`: the largest float32 below 1, times n, is below n for every
    whole n that a float32 holds.
    """
    return ops.cast(uniforms * ops.cast(count, "float32"), "int32")


def quotients(numerators: Any, denominators: Any) -> Any:
    """int32, numerators // denominators, both int32, from 0 up to 2**20 and from 1 up.

    By a multiplication, for which processors have vectors, unlike whole division. The half keeps
    a quotient further from the next whole number than float32's errors reach; of numerators above
    2**20 it may be one too high or too low.
    """
    shares = 1 / ops.cast(denominators, "float32")
    return ops.cast((ops.cast(numerators, "float32") + 0.5) * shares, "int32")
