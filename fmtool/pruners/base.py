"""What the file of every pruner has."""

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
    """What a pruner's file has, each under its own name."""

    Config: type[PrunerConfig]
    build: Build
