"""Cutout: a blank square anywhere on the image (DeVries & Taylor 2017, arXiv:1708.04552).

Its centre is any pixel, so a part of it may lie outside. Imported where Keras is.
"""

from typing import Any

from keras import ops

from fmtool.augment.base import AugmentConfig, Stage
from fmtool.augment.stages.integers import integers_below
from fmtool.augment.stages.rectangles import rectangles, replaced
from fmtool.errors import UsageError


def stage(cfg: AugmentConfig, input_shape: tuple[int, int, int], pixel_max: int) -> Stage | None:
    """Raises UsageError where the square is larger than the image."""
    side = cfg.cutout
    if not side:
        return None
    height, width, _ = input_shape
    smallest = min(height, width)
    if side > smallest:
        raise UsageError(
            f"augment.cutout {side} is larger than images {smallest} pixels wide",
            fix=f"set augment.cutout to at most {smallest}, or to 0",
        )
    grey = round(cfg.fill * pixel_max)

    def apply(images: Any, uniforms: Any) -> Any:
        top = integers_below(height, uniforms[:, 0]) - side // 2
        left = integers_below(width, uniforms[:, 1]) - side // 2
        mask = rectangles(top, top + side, left, left + side, shape=input_shape)
        return replaced(images, ops.cast(grey, "uint8"), mask)

    return Stage(2, apply)
