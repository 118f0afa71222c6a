"""Layers between a backbone and numbers; imported where Keras is."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from fmtool.representations import PLAIN, HeadHints
from fmtool.tasks.shared import heads


def numbers(
    x: Any, shape: tuple[int, ...], quantiles: Sequence[float] = (), hints: HeadHints = PLAIN
) -> Any:
    """(batch, *shape), or (batch, *shape, m) of m quantiles, which never cross. float32.

    Args:
        quantiles: from low to high, 0.5 among them.
    """
    whole = (*shape, len(quantiles)) if quantiles else shape
    outputs = heads.dense(x, math.prod(whole), hints, name="numbers")
    if len(whole) > 1:
        outputs = keras.layers.Reshape(whole)(outputs)
    return _in_order(outputs, quantiles.index(0.5), len(quantiles)) if quantiles else outputs


def _in_order(raw: Any, middle: int, count: int) -> Any:
    """The middle one as it is, the others by steps from it that are never below 0.

    One addition after another: rounded sums of such steps keep their order, which those of a scan
    in parallel, or of a product with a matrix, may not.
    """
    parts = ops.split(raw, count, axis=-1)
    found = [parts[middle]]
    for part in parts[middle + 1 :]:
        found.append(ops.add(found[-1], ops.softplus(part)))
    for part in reversed(parts[:middle]):
        found.insert(0, ops.subtract(found[0], ops.softplus(part)))
    return ops.concatenate(found, axis=-1)
