"""Random mirror images and shifted crops, the usual augmentation of small images.

The randomness comes in as uniforms, so that it can be a pure function of the seed, the epoch and
the sample, and the same on every backend.
"""

from collections.abc import Callable
from typing import Any, Literal

from fmtool.augment.base import AugmentConfig
from fmtool.config.base import NonNegativeInt
from fmtool.errors import UsageError


class Config(AugmentConfig):
    name: Literal["flip_crop"]
    horizontal_flip: bool
    crop_padding: NonNegativeInt
    """Pixels on each side."""
    padding_mode: Literal["reflect", "zeros"]
    """`reflect` mirrors the image without repeating its edge."""


def draws(cfg: Config) -> int:
    """The number of uniforms one image needs: the flip, then the shift in y and in x."""
    return cfg.horizontal_flip + 2 * (cfg.crop_padding > 0)


def build(cfg: Config, input_shape: tuple[int, int, int]) -> Callable[[Any, Any], Any] | None:
    """The function of (images, uniforms) that augments a batch, or None if it would do nothing.

    It takes images (batch, height, width, channels) of any dtype and float32 uniforms
    (batch, draws) in [0, 1). An image is flipped where its first uniform is below 0.5; shifts
    are floor(u * (2 * crop_padding + 1)) - crop_padding pixels.

    Args:
        input_shape: (height, width, channels).

    Raises:
        UsageError: the image is too small to be reflected that far.
    """
    smallest = min(input_shape[:2])
    if cfg.padding_mode == "reflect" and cfg.crop_padding >= smallest:
        raise UsageError(
            f"augment.crop_padding {cfg.crop_padding} cannot reflect images {smallest} pixels wide",
            fix=f"set augment.crop_padding below {smallest} or augment.padding_mode=zeros",
        )
    if not draws(cfg):
        return None
    from fmtool.augment.shifted_gather import shifted_gather

    def augment(images: Any, uniforms: Any) -> Any:
        return shifted_gather(
            images,
            uniforms,
            is_flipping=cfg.horizontal_flip,
            padding=cfg.crop_padding,
            is_reflecting=cfg.padding_mode == "reflect",
        )

    return augment
