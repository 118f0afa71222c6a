"""Flip and crop of a whole batch as one gather of pixels; imported where Keras is."""

from typing import Any

from keras import ops

from fmtool.augment.base import AugmentConfig, Stage
from fmtool.errors import UsageError


def stage(cfg: AugmentConfig, input_shape: tuple[int, int, int]) -> Stage | None:
    """An image is flipped where its first uniform is below 0.5.

    Shifts are floor(u * (2 * crop_padding + 1)) - crop_padding pixels, in y and then in x.

    Raises:
        UsageError: the image is too small to be reflected that far.
    """
    smallest = min(input_shape[:2])
    if cfg.padding_mode == "reflect" and cfg.crop_padding >= smallest:
        raise UsageError(
            f"augment.crop_padding {cfg.crop_padding} cannot reflect images {smallest} pixels wide",
            fix=f"set augment.crop_padding below {smallest} or augment.padding_mode=zeros",
        )
    is_flipping = cfg.horizontal_flip is not False
    draws = is_flipping + 2 * (cfg.crop_padding > 0)
    if not draws:
        return None

    def apply(images: Any, uniforms: Any) -> Any:
        return shifted_gather(
            images,
            uniforms,
            is_flipping=is_flipping,
            padding=cfg.crop_padding,
            is_reflecting=cfg.padding_mode == "reflect",
        )

    return Stage(draws, apply)


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
