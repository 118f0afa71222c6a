"""The contract of the file of every sampler."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fmtool.config.base import NamedConfig

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler


class TunerConfig(NamedConfig):
    """Base of every sampler's `Config`."""


class Build(Protocol):
    def __call__(self, cfg: Any, seed: int, /) -> "BaseSampler":
        """The sampler of one trial.

        Workers share nothing but the storage, so it is made for each trial, with a seed that
        no other trial has.
        """


@dataclass(frozen=True)
class TunerOption:
    """The contract of a sampler's file: its names, each a field::

        class Config(TunerConfig):
            name: Literal["random"]

        def build(cfg, seed):
            import optuna

            return optuna.samplers.RandomSampler(seed=seed)

    Args:
        NEEDS: packages that have to be installed.
        LISTS: it takes points in turn, and has no `build`.
        ONE_SEQUENCE: its points are a fixed sequence; `build` gets the study's seed each time.
    """

    Config: type[TunerConfig]
    build: Build | None = None
    NEEDS: tuple[str, ...] = ()
    LISTS: bool = False
    ONE_SEQUENCE: bool = False
