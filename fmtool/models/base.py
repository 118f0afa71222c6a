"""The base of every model's config."""

from typing import Literal

from fmtool.config.base import NamedConfig

Activation = Literal[
    "celu", "elu", "gelu", "hard_silu", "leaky_relu", "mish", "relu", "relu6", "selu",
    "sigmoid", "silu", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip
Normalization = Literal["none", "batch", "layer"]


class ModelConfig(NamedConfig):
    """Subclassed by the `Config` of each model file."""
