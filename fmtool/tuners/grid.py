"""Every combination, in turn; the last dimension varies fastest."""

from typing import Literal

from fmtool.config.base import PositiveInt
from fmtool.tuners.base import TunerConfig

LISTS = True


class Config(TunerConfig):
    name: Literal["grid"]
    points: PositiveInt
    """The number of points of a range without a step, from one end to the other."""
