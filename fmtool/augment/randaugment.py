"""RandAugment: a few random operations of one strength (Cubuk et al. 2020, arXiv:1909.13719)."""

from typing import Annotated, Any, Literal

from pydantic import Field

from fmtool.augment.base import AugmentConfig, Stage
from fmtool.augment.stages.strengths import Strengths
from fmtool.config.base import PositiveInt


class Config(AugmentConfig):
    name: Literal["randaugment"]
    layers: PositiveInt
    """Operations per image, one after another."""
    magnitude: Annotated[int, Field(ge=0, le=30)]
    """Strength of all of them."""


def policy(cfg: Config, input_shape: tuple[int, int, int], pixel_max: int) -> Stage:
    """Translations reach 150/331 of the image, as in the paper's search space."""
    from fmtool.augment.stages.integers import integers_below
    from fmtool.augment.stages.policy_layer import OPERATIONS, layers

    height, width, _ = input_shape
    translate = (150 / 331 * height, 150 / 331 * width)
    strengths = Strengths(shear=0.3, translate=translate, rotate=30, enhance=0.9, posterize=4)
    apply_layers = layers(strengths, input_shape, pixel_max, grey=round(cfg.fill * pixel_max))

    def apply(images: Any, uniforms: Any) -> Any:
        draws = []
        for first in range(0, 3 * cfg.layers, 3):
            order, sign = uniforms[:, first], uniforms[:, first + 1]
            offset = integers_below(len(OPERATIONS), uniforms[0, first + 2])
            levels = (2 * integers_below(2, sign) - 1) * cfg.magnitude
            draws.append((levels, order, offset))
        return apply_layers(images, draws)

    return Stage(3 * cfg.layers, apply)
