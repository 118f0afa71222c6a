"""Mixup (Zhang et al. 2018, arXiv:1710.09412) and CutMix (Yun et al. 2019, arXiv:1905.04899).

The partner of an image is the one before it in the batch, whose order is random in every epoch.
Each image has its own weight. Imported where Keras is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keras import ops

from fmtool.augment.base import AugmentConfig
from fmtool.augment.stages.beta import thresholds
from fmtool.augment.stages.integers import integers_below
from fmtool.augment.stages.rectangles import rectangles, replaced

AsWeights = Callable[[Any], Any]
"""Targets (batch, ...) as float32 that may be averaged, see `tasks.base.Task`."""


@dataclass(frozen=True)
class Mixing:
    """`apply` maps (images, targets, uniforms) to (images, averages of targets as weights)."""

    draws: int
    apply: Callable[[Any, Any, Any], tuple[Any, Any]]


def build(
    cfg: AugmentConfig, input_shape: tuple[int, int, int], as_weights: AsWeights
) -> Mixing | None:
    """None where neither is on."""
    if not cfg.mixes:
        return None
    blend = _blending(cfg) if cfg.mixup else None
    paste = _pasting(cfg, input_shape) if cfg.cutmix else None

    def apply(images: Any, targets: Any, uniforms: Any) -> tuple[Any, Any]:
        weight = ops.ones_like(uniforms[:, 0])
        # XLA on a CPU would repeat the stages before for every pixel of a rolled batch.
        partners = ops.roll(ops.arange(ops.shape(images)[0], dtype="int32"), 1)
        others = ops.take(images, partners, axis=0)
        if blend is not None:
            images, kept = blend(images, others, uniforms)
            weight = weight * kept
        if paste is not None:
            images, kept = paste(images, others, uniforms)
            weight = weight * kept
        own = as_weights(targets)
        weight = ops.reshape(weight, (-1, *[1] * (len(own.shape) - 1)))
        return images, _blended(own, ops.take(own, partners, axis=0), weight)

    return Mixing(4 if cfg.cutmix else 2, apply)


def _blending(cfg: AugmentConfig) -> Callable[[Any, Any, Any], tuple[Any, Any]]:
    """Mixup of the images that CutMix leaves: gives images and the share of the own target."""
    levels = ops.convert_to_tensor(thresholds(cfg.mixup))
    first = _taken_by_cutmix(cfg)

    def blend(images: Any, others: Any, uniforms: Any) -> tuple[Any, Any]:
        is_taken = (uniforms[:, 0] >= first) & (uniforms[:, 0] < cfg.mix_probability)
        weight = _weights(levels, uniforms[:, 1])
        weight = ops.where(is_taken, weight, ops.ones_like(weight))
        own, other = ops.cast(images, "float32"), ops.cast(others, "float32")
        # Exact, as the weight is a multiple of 1/256; the cast cuts what the half has rounded.
        mixed = _blended(own, other, ops.reshape(weight, (-1, 1, 1, 1))) + 0.5
        return ops.cast(mixed, "uint8"), weight

    return blend


def _pasting(
    cfg: AugmentConfig, input_shape: tuple[int, int, int]
) -> Callable[[Any, Any, Any], tuple[Any, Any]]:
    """CutMix: gives images and the share of the own target, by the area that is really pasted."""
    height, width, _ = input_shape
    levels = ops.convert_to_tensor(thresholds(cfg.cutmix))
    probability = _taken_by_cutmix(cfg)

    def paste(images: Any, others: Any, uniforms: Any) -> tuple[Any, Any]:
        is_taken = ops.cast(uniforms[:, 0] < probability, "int32")
        # Half a side at most: the box has the area 1 - weight before it is clipped.
        half = ops.sqrt(1 - _weights(levels, uniforms[:, 1])) / 2
        vertical = _clipped(integers_below(height, uniforms[:, 2]), half, height)
        horizontal = _clipped(integers_below(width, uniforms[:, 3]), half, width)
        top, bottom = (edge * is_taken for edge in vertical)
        mask = rectangles(top, bottom, *horizontal, shape=input_shape)
        area = (bottom - top) * (horizontal[1] - horizontal[0])
        return replaced(images, others, mask), 1 - ops.cast(area, "float32") / (height * width)

    return paste


def _taken_by_cutmix(cfg: AugmentConfig) -> float:
    """The probability that CutMix takes an image."""
    share = cfg.cutmix_share if cfg.mixup and cfg.cutmix else float(cfg.cutmix > 0)
    return cfg.mix_probability * share


def _weights(levels: Any, uniforms: Any) -> Any:
    """Multiples of 1/256 with the distribution that `levels` are the thresholds of."""
    return ops.mean(ops.cast(uniforms[:, None] >= levels, "float32"), axis=1)


def _clipped(centre: Any, half: Any, size: int) -> tuple[Any, Any]:
    """First pixel and end of a side within the image."""
    reach = ops.cast(half * size, "int32")
    return ops.clip(centre - reach, 0, size), ops.clip(centre + reach, 0, size)


def _blended(own: Any, other: Any, weight: Any) -> Any:
    return other + (own - other) * weight
