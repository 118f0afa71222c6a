"""The contract of the file of every pruner."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fmtool.config.base import NamedConfig

if TYPE_CHECKING:
    from optuna.pruners import BasePruner


class PrunerConfig(NamedConfig):
    """Base of every pruner's `Config`."""


class Build(Protocol):
    def __call__(self, cfg: Any, epochs: int, /) -> "BasePruner":
        """A pruner whose steps are epochs, of which a whole trial has so many."""


@dataclass(frozen=True)
class PrunerOption:
    """The contract of a pruner's file: its names, each a field."""

    Config: type[PrunerConfig]
    build: Build
