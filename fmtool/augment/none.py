"""No policy; the shared keys may still flip, crop, erase and mix."""

from typing import Literal

from fmtool.augment.base import AugmentConfig


class Config(AugmentConfig):
    name: Literal["none"]


def policy(cfg: Config, input_shape: tuple[int, int, int], pixel_max: int) -> None:
    """Nothing beside the shared stages."""
