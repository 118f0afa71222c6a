"""Enhancements: an image blended with a degenerate one, or taken beyond; imported where Keras is.

All images are int32 (n, height, width, channels) in [0, pixel_max]. Definitions and roundings are
those of Pillow's `ImageEnhance`.
"""

from typing import Any

from keras import ops

_LUMA = (19595, 38470, 7471)
"""ITU-R 601-2 weights of red, green and blue, in 1/65536."""


def enhanced(images: Any, degenerate: Any, factors: Any, pixel_max: int) -> Any:
    """`degenerate` + factor * (`images` - `degenerate`), cut to whole numbers and to the range.

    Args:
        factors: int32 (n,) in 1/65536.
    """
    step = (images - degenerate) * factors[:, None, None, None]
    # A fixed-point factor is up to 1/131072 too low; whole results shall not fall below.
    blended = degenerate + ops.right_shift(step + 256, 16)
    return ops.clip(blended, 0, pixel_max)


def without_brightness(images: Any) -> Any:
    return ops.zeros_like(images)


def without_contrast(images: Any) -> Any:
    """The mean of the grey image, rounded, everywhere."""
    _, height, width, _ = images.shape
    total = ops.sum(_grey(images), axis=(1, 2), keepdims=True)
    mean = (2 * total + height * width) // (2 * height * width)
    return ops.zeros_like(images) + ops.cast(mean, "int32")


def without_color(images: Any) -> Any:
    return ops.zeros_like(images) + _grey(images)


def without_sharpness(images: Any) -> Any:
    """Each pixel with a weight of 5 and its eight neighbours with 1; the border stays."""
    rows = images[:, :-2] + images[:, 1:-1] + images[:, 2:]
    box = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    inner = (box + 4 * images[:, 1:-1, 1:-1] + 6) // 13
    middle = ops.concatenate([images[:, 1:-1, :1], inner, images[:, 1:-1, -1:]], axis=2)
    return ops.concatenate([images[:, :1], middle, images[:, -1:]], axis=1)


def _grey(images: Any) -> Any:
    """(n, height, width, 1); the plain mean where there are not three channels."""
    channels = images.shape[-1]
    weights = _LUMA if channels == 3 else (65536 // channels,) * channels
    total = sum(images[..., i : i + 1] * weight for i, weight in enumerate(weights))
    return ops.right_shift(total + 32768, 16)
