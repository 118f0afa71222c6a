"""Both the `l1` and the `l2` penalty (elastic net, Zou & Hastie 2005)."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import NonNegativeFloat
from fmtool.regularizers.base import RegularizerConfig

if TYPE_CHECKING:
    import keras


class Config(RegularizerConfig):
    name: Literal["l1_l2"]
    l1: NonNegativeFloat
    l2: NonNegativeFloat


def build(cfg: Config) -> "keras.Regularizer":
    import keras

    return keras.regularizers.L1L2(l1=cfg.l1, l2=cfg.l2)
