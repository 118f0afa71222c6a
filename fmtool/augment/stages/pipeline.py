"""Augmentation of whole batches on the device, as one part of the compiled training step.

All randomness comes in as uniforms, so that it is a pure function of the seed, the epoch and the
sample, and the same on every backend.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from fmtool import registry
from fmtool.augment.base import AugmentConfig, AugmentOption, Stage
from fmtool.elements import Pixels, Sample

Apply = Callable[[Any, Any, Any], tuple[Any, Any]]
"""Maps images, targets and uniforms to images and targets, see `Pipeline`."""


@dataclass(frozen=True)
class Pipeline:
    """All that a batch goes through between the table and the network.

    `apply` maps images uint8 (batch, height, width, channels), targets (batch, ...) and uniforms
    float32 (batch, draws) in [0, 1) to images of the same shape and type, and targets.
    """

    draws: int
    alternates: bool
    """The first uniform of a sample is its flip coin, which the feed puts there."""
    mixes: bool
    """Targets come out as averages of weights, see `mixing.AsWeights`."""
    apply: Apply


def build(cfg: AugmentConfig, element: Sample, as_weights: Callable[[Any], Any]) -> Pipeline | None:
    """None where it would do nothing. Raises UsageError where a setting does not fit the images.

    Args:
        as_weights: of the task; is called only where samples are mixed.
    """
    if not isinstance(element, Pixels):
        assert not cfg.changes_images, "matching has looked"
        return None
    from fmtool.augment.stages import mixing as mixings
    from fmtool.kernels import xla

    stages = _stages(cfg, element.shape, element.maximum)
    mixing = mixings.build(cfg, element.shape, as_weights)
    if not stages and mixing is None:
        return None
    ends = list(accumulate(stage.draws for stage in stages))

    def augment(images: Any, targets: Any, uniforms: Any) -> tuple[Any, Any]:
        for stage, end in zip(stages, ends, strict=True):
            images = stage.apply(images, uniforms[:, end - stage.draws : end])
        if mixing is None:
            return images, targets
        return mixing.apply(images, targets, uniforms[:, -mixing.draws :])

    # A policy that is not ours may hold what XLA cannot compile.
    is_ours = registry.is_built_in("augment", cfg.name)
    return Pipeline(
        draws=sum(stage.draws for stage in stages) + (mixing.draws if mixing else 0),
        alternates=cfg.horizontal_flip == "alternating",
        mixes=mixing is not None,
        apply=xla.compiled(augment) if is_ours else augment,
    )


def _stages(cfg: AugmentConfig, input_shape: tuple[int, int, int], pixel_max: int) -> list[Stage]:
    """Those that change images, in order; the flip is the first to draw."""
    from fmtool.augment.stages import cutout, erasing, shifted_gather

    candidates = (
        shifted_gather.stage(cfg, input_shape),
        registry.option("augment", cfg.name, AugmentOption).policy(cfg, input_shape, pixel_max),
        erasing.stage(cfg, input_shape, pixel_max),
        cutout.stage(cfg, input_shape, pixel_max),
    )
    return [stage for stage in candidates if stage is not None]
