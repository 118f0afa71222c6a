"""Training images as they are."""

from typing import Literal

from fmtool.augment.base import AugmentConfig


class Config(AugmentConfig):
    name: Literal["none"]


def draws(cfg: Config) -> int:
    """The number of uniforms one image needs."""
    return 0


def build(cfg: Config, input_shape: tuple[int, int, int]) -> None:
    """Nothing to do to the images."""
