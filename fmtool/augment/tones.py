"""Operations that map the values of an image one by one; imported where Keras is.

Images are uint8 (n, height, width, channels) with values up to `pixel_max`. Results are those of
Pillow's `ImageOps`, of which autocontrast may differ by one level.
"""

from typing import Any

from keras import ops

from fmtool.augment.rectangles import replaced


def posterize(images: Any, masks: Any) -> Any:
    """`masks`: int32 (n,), the bits each image keeps."""
    return ops.bitwise_and(images, ops.cast(masks, "uint8")[:, None, None, None])


def solarize(images: Any, thresholds: Any, pixel_max: int) -> Any:
    """Inverts values from `thresholds`, int32 (n,), upwards."""
    is_bright = images >= ops.cast(thresholds, "uint8")[:, None, None, None]
    mask = ops.cast(is_bright, "uint8") * ops.cast(255, "uint8")
    return replaced(images, ops.cast(pixel_max, "uint8") - images, mask)


def stretched_and_equalized(to_stretch: Any, to_equalize: Any, pixel_max: int) -> Any:
    """Autocontrast of the first images, equalization of the second, one after the other.

    Autocontrast stretches each channel to the full range, equalization makes its values about
    equally frequent; a channel of one value stays. Both are lookups in a table per channel.
    """
    images = ops.cast(ops.concatenate([to_stretch, to_equalize]), "int32")
    count, _, _, channels = ops.shape(images)
    tables, values = count * channels, pixel_max + 1
    first = ops.reshape(ops.arange(tables, dtype="int32") * values, (count, 1, 1, channels))
    index = images + first
    lookup = ops.concatenate(
        [_stretching(to_stretch, pixel_max), _equalizing(to_equalize, pixel_max)]
    )
    return ops.take(ops.reshape(lookup, (-1,)), index, axis=0)


def _stretching(images: Any, pixel_max: int) -> Any:
    """uint8 (n * channels, values): where autocontrast takes each value."""
    planes = _planes(images)
    low = ops.min(planes, axis=1)[:, None]
    spread = ops.max(planes, axis=1)[:, None] - low
    value = ops.arange(pixel_max + 1, dtype="int32")[None, :]
    stretched = ops.maximum(value - low, 0) * pixel_max // ops.maximum(spread, 1)
    return _table(ops.where(spread > 0, stretched, value), pixel_max)


def _equalizing(images: Any, pixel_max: int) -> Any:
    """uint8 (n * channels, values): where equalization takes each value."""
    planes = _planes(images)
    tables, pixels = ops.shape(planes)
    value = ops.arange(pixel_max + 1, dtype="int32")[None, :]
    first = ops.arange(tables, dtype="int32")[:, None] * (pixel_max + 1)
    flat = ops.reshape(planes + first, (-1,))
    histogram = ops.segment_sum(ops.ones_like(flat), flat, num_segments=tables * (pixel_max + 1))
    histogram = ops.reshape(histogram, (tables, pixel_max + 1))
    is_brightest = ops.cast(value == ops.max(planes, axis=1)[:, None], "int32")
    of_brightest = ops.sum(histogram * is_brightest, axis=1)[:, None]
    step = (pixels - of_brightest) // pixel_max
    below = ops.cumsum(histogram, axis=1) - histogram
    equalized = (step // 2 + below) // ops.maximum(step, 1)
    return _table(ops.where(step > 0, equalized, value), pixel_max)


def _planes(images: Any) -> Any:
    """int32 (n * channels, pixels)."""
    height, width = images.shape[1:3]
    planes = ops.cast(ops.transpose(images, (0, 3, 1, 2)), "int32")
    return ops.reshape(planes, (-1, height * width))


def _table(lookup: Any, pixel_max: int) -> Any:
    return ops.cast(ops.minimum(lookup, pixel_max), "uint8")
