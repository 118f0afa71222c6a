"""TrivialAugment, wide: one random operation of random strength (Müller & Hutter 2021).

arXiv:2103.10158.
"""

from typing import Any, Literal

from fmtool.augment.base import AugmentConfig, Stage
from fmtool.augment.stages.strengths import LEVELS, Strengths


class Config(AugmentConfig):
    name: Literal["trivialaugment"]


def policy(cfg: Config, input_shape: tuple[int, int, int], pixel_max: int) -> Stage:
    """Translations reach 32 pixels, as in the paper, but not out of a smaller image."""
    from fmtool.augment.stages.integers import integers_below
    from fmtool.augment.stages.policy_layer import OPERATIONS, layers

    height, width, _ = input_shape
    translate = (min(32.0, height), min(32.0, width))
    strengths = Strengths(shear=0.99, translate=translate, rotate=135, enhance=0.99, posterize=6)
    apply_layers = layers(strengths, input_shape, pixel_max, grey=round(cfg.fill * pixel_max))

    def apply(images: Any, uniforms: Any) -> Any:
        offset = integers_below(len(OPERATIONS), uniforms[0, 2])
        drawn = integers_below(2 * LEVELS, uniforms[:, 1])
        levels = (2 * (drawn % 2) - 1) * (drawn // 2)
        return apply_layers(images, [(levels, uniforms[:, 0], offset)])

    return Stage(3, apply)
