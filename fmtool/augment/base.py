"""The keys that every augmentation has, and the type of one stage of the pipeline."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, Self

from pydantic import Field, model_validator

from fmtool.config.base import (
    Fraction,
    NamedConfig,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
)

Share = Annotated[float, Field(gt=0, le=1)]


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline.

    `apply` maps uint8 images (batch, height, width, channels) and float32 uniforms
    (batch, draws) in [0, 1) to images of the same shape and type.
    """

    draws: int
    apply: Callable[[Any, Any], Any]


class AugmentConfig(NamedConfig):
    """The keys of every augmentation, in their order; a policy acts after the crop."""

    horizontal_flip: bool | Literal["alternating"]
    """`alternating`: a coin per image, then every other epoch (Jordan 2024, arXiv:2404.00498)."""
    crop_padding: NonNegativeInt
    """Pixels on each side."""
    padding_mode: Literal["reflect", "zeros"]
    """`reflect` mirrors the image without repeating its edge."""
    fill: Fraction
    """Brightness of what `cutout` and the moves of a policy leave empty; 0 is black."""
    erasing: Fraction
    """Probability of random erasing (Zhong et al. 2017, arXiv:1708.04896)."""
    erasing_area: Annotated[list[Share], Field(min_length=2, max_length=2)]
    """Smallest and largest share of the image that is erased."""
    erasing_aspect: Annotated[list[PositiveFloat], Field(min_length=2, max_length=2)]
    """Smallest and largest height ÷ width of what is erased."""
    cutout: NonNegativeInt
    """Side of the square in pixels (DeVries & Taylor 2017, arXiv:1708.04552)."""
    mixup: NonNegativeFloat
    """Alpha (Zhang et al. 2018, arXiv:1710.09412)."""
    cutmix: NonNegativeFloat
    """Alpha (Yun et al. 2019, arXiv:1905.04899)."""
    mix_probability: Fraction
    """Share of the images that mixup or CutMix takes."""
    cutmix_share: Fraction
    """The share of mixed images that CutMix takes where both are on."""

    @property
    def changes_images(self) -> bool:
        """True where images are changed at all."""
        shared = (
            self.horizontal_flip, self.crop_padding, self.erasing, self.cutout, self.mixup,
            self.cutmix,
        )  # fmt: skip
        return self.name != "none" or any(shared)

    @property
    def mixes(self) -> bool:
        """True where mixup or CutMix blends samples and their targets."""
        return bool((self.mixup or self.cutmix) and self.mix_probability)

    @model_validator(mode="after")
    def _ranges_ascend(self) -> Self:
        for key in ("erasing_area", "erasing_aspect"):
            low, high = getattr(self, key)
            if low > high:
                raise ValueError(f"{key} is [smallest, largest]; write [{high}, {low}]")
        return self


class Policy(Protocol):
    def __call__(
        self, cfg: Any, input_shape: tuple[int, int, int], pixel_max: int, /
    ) -> Stage | None:
        """The stage after the crop, for images (height, width, channels); None for no stage."""


@dataclass(frozen=True)
class AugmentOption:
    """The contract of an augmentation's file: its names, each a field::

    class Config(AugmentConfig):
        name: Literal["inverted"]

    def policy(cfg, input_shape, pixel_max):
        return Stage(draws=0, apply=lambda images, uniforms: pixel_max - images)
    """

    Config: type[AugmentConfig]
    policy: Policy
