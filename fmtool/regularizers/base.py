"""The keys of all regularizers, which go with any penalty, or with none."""

from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import Field

from fmtool.config.base import NamedConfig, NonNegativeFloat, PositiveFloat


class RegularizerConfig(NamedConfig):
    """A bound on the kernels and noise on the gradients, next to the penalty itself."""

    layers: Annotated[list[str], Field(min_length=1)]
    """Whose kernels penalty and bound are for: patterns as of file names, of layers' names."""
    max_norm: PositiveFloat | None
    """The largest norm of the weights into one unit; null for no limit."""
    gradient_noise: NonNegativeFloat
    """Variance of the noise on the first update's gradients, falling from there; 0 for none."""


class Build(Protocol):
    def __call__(self, cfg: Any, /) -> Any:
        """A `keras.Regularizer` of one kernel, or None for no penalty."""


@dataclass(frozen=True)
class RegularizerOption:
    """The contract of a regularizer's file: its names, each a field."""

    Config: type[RegularizerConfig]
    build: Build
