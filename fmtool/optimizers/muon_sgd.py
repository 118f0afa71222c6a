"""Muon for convolution kernels, SGD with Nesterov momentum for the rest (Jordan 2024).

As in the CIFAR-10 speed records of arXiv:2404.00498, where Muon began: each kernel is put back to
the norm it should have before a step along its orthogonalised momentum.
"""

from typing import TYPE_CHECKING, Literal

from fmtool.config.base import PositiveFloat, PositiveInt, Rate
from fmtool.optimizers.base import OptimizerConfig, keras_arguments

if TYPE_CHECKING:
    import keras


class Config(OptimizerConfig):
    name: Literal["muon_sgd"]
    momentum: Rate
    """The momentum of the convolution kernels."""
    ns_steps: PositiveInt
    """Newton-Schulz iterations per step."""
    sgd_momentum: Rate
    """The momentum of all other variables."""
    sgd_lr_ratio: PositiveFloat
    """SGD's learning rate divided by Muon's, so that one schedule drives both."""


def build(
    cfg: Config, learning_rate: "float | keras.optimizers.schedules.LearningRateSchedule"
) -> "keras.optimizers.Optimizer":
    from fmtool.optimizers.shared.muon_for_kernels import MuonSGD

    return MuonSGD(learning_rate=learning_rate, **keras_arguments(cfg))
