"""Pillow's bilinear resizing as operations of Keras, for pictures of any size.

An axis is resized by a product with a matrix of triangles, whose width grows with the reduction.
Its numbers are Pillow's own fixed point, so that pixels come out equal. Imported where Keras is.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from fmtool.data.reading.resizing import ResizeMode

_STEP = 2048
"""Pillow's weights have 22 bits behind the point: the square of it."""


@dataclass(frozen=True)
class _Axis:
    """One side of a picture; numbers are int32 scalars in the graph.

    Args:
        positions: 0, 1, ... up to `given` - 1.
        given: pixels of the picture.
        wanted: pixels that the network reads.
        kept: of these, those that show the picture; padding is evenly around them.
        top, bottom: `top` pixels of the picture become `bottom`.
    """

    positions: Any
    given: Any
    wanted: int
    kept: Any
    top: Any
    bottom: Any


def resized(samples: Any, size: tuple[int, int], mode: ResizeMode) -> Any:
    """The pictures at `size`, as `fmtool.data.reading.resizing.resized` makes them, as float32.

    What has the size already comes out as it is.

    Args:
        samples: a KerasTensor (batch, any height, any width, channels) of whole numbers to 255.
        size: (height, width).
    """
    rows, columns = _axes(samples, size, mode)
    down, across = _weights(rows), _weights(columns)
    # A product is along the last axis.
    by_row = ops.transpose(ops.cast(samples, "float32"), (0, 3, 1, 2))
    down_first = _product(_turned(_product(_turned(by_row), down)), across)
    across_first = _turned(_product(_turned(_product(by_row, across)), down))
    # Pillow begins with the height where it loses much more than the width.
    lost_rows, lost_columns = rows.given - rows.kept, columns.given - columns.kept
    is_down_first = ops.logical_and(
        ops.greater(lost_rows, 0), ops.greater(lost_rows, lost_columns * 2)
    )
    return ops.transpose(ops.where(is_down_first, down_first, across_first), (0, 2, 3, 1))


def _turned(x: Any) -> Any:
    return ops.transpose(x, (0, 1, 3, 2))


def _axes(samples: Any, size: tuple[int, int], mode: ResizeMode) -> tuple[_Axis, _Axis]:
    """The rows and the columns."""
    (height, rows), (width, columns) = map(_counted, (samples[0, :, 0, 0], samples[0, 0, :, 0]))
    if mode == "stretch":
        return (
            _Axis(rows, height, size[0], size[0], height, size[0]),
            _Axis(columns, width, size[1], size[1], width, size[1]),
        )
    is_wide = ops.greater(width * size[0], height * size[1])
    by_height = is_wide if mode == "crop" else ops.logical_not(is_wide)
    # No `where`: tf2onnx loses one whose branches are numbers.
    by_height = ops.cast(by_height, "int32")
    top = width + by_height * (height - width)
    bottom = size[1] + by_height * (size[0] - size[1])
    if mode == "crop":
        return (
            _Axis(rows, height, size[0], size[0], top, bottom),
            _Axis(columns, width, size[1], size[1], top, bottom),
        )
    inner_height, inner_width = (_scaled(side, top, bottom) for side in (height, width))
    return (
        _Axis(rows, height, size[0], inner_height, height, inner_height),
        _Axis(columns, width, size[1], inner_width, width, inner_width),
    )


def _counted(line: Any) -> tuple[Any, Any]:
    """The number of pixels of a line, and the number of each from 0.

    The sides of a picture are not known to the graph in any other way that every format keeps.
    """
    ones = ops.ones_like(line, dtype="int32")
    return ops.sum(ones), ops.cumsum(ones) - 1


def _scaled(side: Any, top: Any, bottom: Any) -> Any:
    """`side * bottom / top`, rounded as `round` does it, and 1 at least."""
    twice = side * bottom * 2
    above = ops.floor_divide(twice + top, top * 2)
    is_half = ops.equal(above * top * 2, twice + top)
    is_odd = ops.equal(above - ops.floor_divide(above, 2) * 2, 1)
    above = above - ops.cast(ops.logical_and(is_half, is_odd), "int32")
    return ops.maximum(above, 1)


def _weights(axis: _Axis) -> Any:
    """(given, 2 * wanted): of each pixel in each new one, upper and then lower 11 bits."""
    before = (axis.wanted - axis.kept) // 2
    # Twice the distance from the middle, of a pixel and of a new one. What is no tensor comes
    # second: of two numbers Keras would make a tensor that tf2onnx takes for an input.
    old_place = ops.expand_dims(axis.positions * 2 + 1 - axis.given, 1)
    new_place = (before * 2 + axis.kept) * -1 + (2 * np.arange(axis.wanted, dtype=np.int32) + 1)
    distance = ops.abs(old_place * axis.bottom - axis.top * new_place)
    share = ops.maximum(ops.maximum(axis.top, axis.bottom) * 2 - distance, 0)
    if not isinstance(axis.kept, int):
        share = share * ops.cast(ops.less(ops.abs(new_place), axis.kept), "int32")
    total = ops.maximum(ops.sum(share, axis=0, keepdims=True), 1)
    # In two steps, since 22 bits of a quotient are more than float32 is sure of.
    upper = ops.floor(_float(share) * _STEP / _float(total))
    rest = share * _STEP - ops.cast(upper, "int32") * total
    lower = ops.floor(_float(rest) * _STEP / _float(total) + 0.5)
    return ops.concatenate([upper, lower], axis=1)


def _float(x: Any) -> Any:
    return ops.cast(x, "float32")


def _product(lines: Any, weights: Any) -> Any:
    """Each line of the last axis at its new length, rounded half up; exact in float32."""
    upper, lower = ops.split(ops.matmul(lines, weights), 2, axis=-1)
    carried = ops.floor(lower / _STEP + _STEP / 2)
    return ops.floor((upper + carried) / _STEP)
