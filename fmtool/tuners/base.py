"""What every sampler's module provides."""

from fmtool.config.base import NamedConfig


class TunerConfig(NamedConfig):
    """Base of every sampler's `Config`.

    A module has `build(cfg, seed)`, which gives an Optuna sampler. Workers share nothing but the
    storage, so it is made anew for each trial, with a seed that no other trial has; one whose
    points are a fixed sequence says `ONE_SEQUENCE = True` and gets the study's seed each time.
    One that only takes points in turn has `LISTS = True` and no `build`.
    """
