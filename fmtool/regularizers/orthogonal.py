"""The loss grows with the distance of each kernel from one with orthonormal columns."""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import NonNegativeFloat
from fmtool.regularizers.base import RegularizerConfig

if TYPE_CHECKING:
    import keras


class Config(RegularizerConfig):
    name: Literal["orthogonal"]
    factor: NonNegativeFloat


def build(cfg: Config) -> "keras.Regularizer":
    from fmtool.regularizers.shared.soft_orthogonality import SoftOrthogonality

    return SoftOrthogonality(factor=cfg.factor)
