"""The loss grows by l1 * the sum of the absolute kernel weights."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import NonNegativeFloat
from fmtool.regularizers.base import RegularizerConfig

if TYPE_CHECKING:
    import keras


class Config(RegularizerConfig):
    name: Literal["l1"]
    l1: NonNegativeFloat


def build(cfg: Config) -> "keras.Regularizer":
    import keras

    return keras.regularizers.L1(l1=cfg.l1)
