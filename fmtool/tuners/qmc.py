"""A quasi-random sequence, which fills the space more evenly than draws (Owen, 1998)."""

from typing import Any, Literal

from fmtool.tuners.base import TunerConfig

ONE_SEQUENCE = True


class Config(TunerConfig):
    name: Literal["qmc"]
    sequence: Literal["sobol", "halton"]
    scramble: bool


def build(cfg: Config, seed: int) -> Any:
    import optuna

    return optuna.samplers.QMCSampler(
        qmc_type=cfg.sequence,
        scramble=cfg.scramble,
        seed=seed,
        warn_asynchronous_seeding=False,
        warn_independent_sampling=False,
    )
