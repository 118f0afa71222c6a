"""Flip and crop of a whole batch as one gather of pixels; imported where Keras is."""

from typing import Any

from keras import ops


def shifted_gather(
    images: Any, uniforms: Any, *, is_flipping: bool, padding: int, is_reflecting: bool
) -> Any:
    """`images` (batch, height, width, channels), each flipped and shifted by its uniforms.

    Every output pixel computes which input pixel it copies; nothing is padded or held twice.
    """
    height, width, channels = images.shape[1:]
    batch = ops.shape(images)[0]
    rows = ops.arange(height, dtype="int32")[None, :]
    columns = ops.arange(width, dtype="int32")[None, :]
    if is_flipping:
        columns = ops.where(uniforms[:, :1] < 0.5, width - 1 - columns, columns)
    if padding:
        # The largest float32 below 1 times an odd n rounds to below n, so no shift is too far.
        shifts = ops.cast(uniforms[:, -2:] * (2 * padding + 1), "int32") - padding
        rows = rows + shifts[:, :1]
        columns = columns + shifts[:, 1:]
    pixels = ops.reshape(images, (-1, channels))
    first_rows = ops.arange(batch, dtype="int32")[:, None] * height
    if is_reflecting:
        rows, columns = _reflected(rows, height), _reflected(columns, width)
        sources = ((first_rows + rows) * width)[:, :, None] + columns[:, None, :]
    else:
        is_inside = _inside(rows, height)[:, :, None] & _inside(columns, width)[:, None, :]
        sources = ((first_rows + rows) * width)[:, :, None] + columns[:, None, :]
        # Pixels from outside copy an extra black one at the end.
        sources = ops.where(is_inside, sources, batch * height * width)
        pixels = ops.concatenate([pixels, ops.zeros_like(pixels[:1])])
    return ops.take(pixels, sources, axis=0)


def _reflected(index: Any, size: int) -> Any:
    """`index` mirrored at 0 and at size - 1, for distances below `size`."""
    return (size - 1) - ops.abs((size - 1) - ops.abs(index))


def _inside(index: Any, size: int) -> Any:
    return (index >= 0) & (index < size)
