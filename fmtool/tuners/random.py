"""Independent uniform draws (Bergstra and Bengio, 2012)."""

from typing import Any, Literal

from fmtool.tuners.base import TunerConfig


class Config(TunerConfig):
    name: Literal["random"]


def build(_: Config, seed: int) -> Any:
    import optuna

    return optuna.samplers.RandomSampler(seed=seed)
