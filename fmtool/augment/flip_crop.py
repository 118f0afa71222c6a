"""Random mirror images and shifted crops, the usual augmentation of small images.

Both are among the shared stages; this option's YAML file turns them on.
"""

from typing import Literal

from fmtool.augment.base import AugmentConfig


class Config(AugmentConfig):
    name: Literal["flip_crop"]


def policy(cfg: Config, input_shape: tuple[int, int, int], pixel_max: int) -> None:
    """Nothing beside the shared stages."""
