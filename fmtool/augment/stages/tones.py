"""Operations that map the values of an image one by one; imported where Keras is.

Images are uint8 (n, height, width, channels) with values up to `pixel_max`. Results are those of
Pillow's `ImageOps`, of which autocontrast may differ by one level.
"""

from typing import Any

from keras import ops

from fmtool.augment.stages.integers import quotients
from fmtool.augment.stages.rectangles import replaced

_BLOCK = 16
"""Values whose running sums are added up by themselves."""


def posterize(images: Any, masks: Any) -> Any:
    """`masks`: int32 (n,), the bits each image keeps."""
    return ops.bitwise_and(images, ops.cast(masks, "uint8")[:, None, None, None])


def solarize(images: Any, thresholds: Any, pixel_max: int) -> Any:
    """Inverts values from `thresholds`, int32 (n,), upwards."""
    is_bright = images >= ops.cast(thresholds, "uint8")[:, None, None, None]
    mask = ops.cast(is_bright, "uint8") * ops.cast(255, "uint8")
    return replaced(images, ops.cast(pixel_max, "uint8") - images, mask)


def autocontrast(images: Any, pixel_max: int) -> Any:
    """Each channel stretched to the full range; one of a single value stays."""
    lows, highs = _extremes(ops.min, images), _extremes(ops.max, images)
    is_flat = highs == lows
    lows = ops.where(is_flat, 0, lows)
    spreads = ops.where(is_flat, pixel_max, highs - lows)
    above = ops.cast(images, "int32") - lows
    return ops.cast(quotients(above * pixel_max, spreads), "uint8")


def equalize(images: Any, pixel_max: int) -> Any:
    """The values of each channel become about equally frequent; a channel of one value stays."""
    count, height, width, channels = ops.shape(images)
    tables, values = count * channels, pixel_max + 1
    first = ops.reshape(ops.arange(tables, dtype="int32"), (count, 1, 1, channels)) * values
    images = ops.cast(images, "int32")
    index = first + images
    flat = ops.reshape(index, (-1,))
    histogram = ops.segment_sum(ops.ones_like(flat), flat, num_segments=tables * values)
    of_brightest = ops.take(histogram, first + _extremes(ops.max, images), axis=0)
    steps = (height * width - of_brightest) // pixel_max
    darker = ops.take(_sums_below(ops.reshape(histogram, (tables, values))), index, axis=0)
    equalized = quotients(steps // 2 + darker, ops.maximum(steps, 1))
    equalized = ops.where(steps > 0, ops.minimum(equalized, pixel_max), images)
    return ops.cast(equalized, "uint8")


def _extremes(smallest_or_largest: Any, images: Any) -> Any:
    """int32 (n, 1, 1, channels)."""
    found = smallest_or_largest(smallest_or_largest(images, axis=1, keepdims=True), axis=2)
    return ops.cast(ops.expand_dims(found, 1), "int32")


def _sums_below(histogram: Any) -> Any:
    """Flat: of each row, how much comes before each value.

    In blocks, since XLA adds up every sum from its first term on.
    """
    rows, values = ops.shape(histogram)
    size = _BLOCK if values % _BLOCK == 0 else values
    blocks = ops.reshape(histogram, (rows, values // size, size))
    of_blocks = ops.sum(blocks, axis=2)
    before = ops.cumsum(of_blocks, axis=1) - of_blocks
    within = ops.cumsum(blocks, axis=2) - blocks
    return ops.reshape(within + before[:, :, None], (-1,))
