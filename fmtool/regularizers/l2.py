"""The loss grows by l2 * the sum of the squared kernel weights."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import NonNegativeFloat
from fmtool.regularizers.base import RegularizerConfig

if TYPE_CHECKING:
    import keras


class Config(RegularizerConfig):
    name: Literal["l2"]
    l2: NonNegativeFloat


def build(cfg: Config) -> "keras.Regularizer":
    import keras

    return keras.regularizers.L2(l2=cfg.l2)
