"""Distances of outputs from numbers, a value for each sample; imported where Keras is.

Numbers and outputs are (batch, ...) in the scale that is learned; each is a mean over all but the
first axis.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from keras import ops

Loss = Callable[[Any, Any], Any]
"""Maps numbers and outputs to (batch,)."""


def squared(y: Any, outputs: Any) -> Any:
    return _mean(ops.square(_gaps(y, outputs)))


def absolute(y: Any, outputs: Any) -> Any:
    return _mean(ops.abs(_gaps(y, outputs)))


def huber(delta: float) -> Loss:
    """Half of the square up to an error of `delta`, linear from there (Huber 1964)."""

    def loss(y: Any, outputs: Any) -> Any:
        gaps = ops.abs(_gaps(y, outputs))
        near = ops.minimum(gaps, delta)
        return _mean(near * (gaps - 0.5 * near))

    return loss


def poisson(y: Any, outputs: Any) -> Any:
    """The negative log-likelihood of counts, less a constant; outputs are logarithms of rates."""
    return _mean(ops.exp(outputs) - ops.cast(y, outputs.dtype) * outputs)


def pinball(quantiles: Sequence[float]) -> Loss:
    """Koenker and Bassett 1978: errors above a quantile weigh as much as the share below it.

    Outputs are (batch, ..., m), one for each of the m quantiles.
    """
    shares = np.asarray(quantiles, np.float32)

    def loss(y: Any, outputs: Any) -> Any:
        above = ops.expand_dims(ops.cast(y, outputs.dtype), -1) - outputs
        return _mean(ops.maximum(ops.multiply(above, shares), ops.multiply(above, shares - 1)))

    return loss


def _gaps(y: Any, outputs: Any) -> Any:
    return ops.subtract(outputs, ops.cast(y, outputs.dtype))


def _mean(values: Any) -> Any:
    return ops.mean(values, axis=tuple(range(1, len(values.shape))))
