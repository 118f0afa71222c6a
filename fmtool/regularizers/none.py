"""No penalty on the weights."""

from typing import Literal

from fmtool.regularizers.base import RegularizerConfig


class Config(RegularizerConfig):
    name: Literal["none"]


def build(cfg: Config) -> None:
    """Nothing to add to the loss."""
