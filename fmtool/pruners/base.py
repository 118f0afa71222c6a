"""What every pruner's module provides."""

from fmtool.config.base import NamedConfig


class PrunerConfig(NamedConfig):
    """Base of every pruner's `Config`.

    A module has `build(cfg, epochs)`, which gives an Optuna pruner whose steps are epochs, of
    which a whole trial has so many.
    """
