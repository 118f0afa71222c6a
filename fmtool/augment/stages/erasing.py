"""Random erasing: a rectangle of noise (Zhong et al. 2017, arXiv:1708.04896).

Two departures: the logarithm of the aspect ratio is uniform, so that upright and lying rectangles
are as likely, and a side longer than the image is cut to it where the paper draws again.
Imported where Keras is.
"""

import math
from typing import Any

import numpy as np
from keras import ops

from fmtool.augment.base import AugmentConfig, Stage
from fmtool.augment.stages.integers import integers_below
from fmtool.augment.stages.rectangles import rectangles, replaced

_NOISE_ROWS = 1024
"""Each image starts at its own row, so neighbours in a batch do not share their noise."""


def stage(cfg: AugmentConfig, input_shape: tuple[int, int, int], pixel_max: int) -> Stage | None:
    if not cfg.erasing:
        return None
    height, width, channels = input_shape
    noise = ops.convert_to_tensor(_noise(width * channels, pixel_max))

    def apply(images: Any, uniforms: Any) -> Any:
        occurs, area, aspect, vertical, horizontal, start = (uniforms[:, i] for i in range(6))
        sides = _sides(cfg, (height, width), area, aspect)
        is_erased = ops.cast(occurs < cfg.erasing, "int32")
        top = integers_below(height + 1 - sides[0], vertical)
        left = integers_below(width + 1 - sides[1], horizontal)
        mask = rectangles(top, top + sides[0] * is_erased, left, left + sides[1], shape=input_shape)
        rows = ops.arange(height, dtype="int32")
        noise_rows = (integers_below(_NOISE_ROWS, start)[:, None] + rows) % _NOISE_ROWS
        others = ops.reshape(ops.take(noise, noise_rows, axis=0), (-1, *input_shape))
        return replaced(images, others, mask)

    return Stage(6, apply)


def _sides(cfg: AugmentConfig, size: tuple[int, int], area: Any, aspect: Any) -> tuple[Any, Any]:
    """Height and width of each rectangle, int32 (batch,), at least one pixel."""
    low, high = cfg.erasing_area
    pixels = (low + (high - low) * area) * (size[0] * size[1])
    low, high = (math.log(bound) for bound in cfg.erasing_aspect)
    ratio = ops.exp(low + (high - low) * aspect)
    height, width = ops.sqrt(pixels * ratio), ops.sqrt(pixels / ratio)
    return _rounded(height, size[0]), _rounded(width, size[1])


def _rounded(side: Any, largest: int) -> Any:
    return ops.clip(ops.cast(side + 0.5, "int32"), 1, largest)


def _noise(width: int, pixel_max: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """(_NOISE_ROWS, width) of values from 0 to pixel_max, the same in every process."""
    words = np.random.Philox(key=0).random_raw(_NOISE_ROWS * width) >> np.uint64(32)
    levels = (words * np.uint64(pixel_max + 1)) >> np.uint64(32)
    return levels.astype(np.uint8).reshape(_NOISE_ROWS, width)
