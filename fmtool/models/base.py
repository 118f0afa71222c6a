"""The base of every model's config."""

from typing import Literal

from fmtool.config.base import NamedConfig

Activation = Literal[
    "celu", "elu", "gelu", "hard_silu", "leaky_relu", "mish", "relu", "relu6", "selu",
    "sigmoid", "silu", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip
Normalization = Literal["none", "batch", "layer"]
DropoutKind = Literal["standard", "spatial", "block"]
"""What of images (height, width, channels) is dropped as one: a value, a channel, or a square."""
Stem = Literal["auto", "small", "large"]
"""The first layers: `small` keeps the size of images of some 32 pixels, `large` quarters it."""

_LARGE = 96
"""Pixels a side from which on `auto` takes the large stem."""


def has_large_stem(stem: Stem, input_shape: tuple[int, int, int]) -> bool:
    """Whether the first layers are to quarter images of (height, width, channels)."""
    if stem == "auto":
        return min(input_shape[:2]) >= _LARGE
    return stem == "large"


class ModelConfig(NamedConfig):
    """Subclassed by the `Config` of each model file."""

    summary: bool
    """Print what the model is made of before training. conf/train.yaml sets it for all models."""
