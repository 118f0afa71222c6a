"""The keys that transformers share, and what they check of their attention heads."""

from fmtool.config.base import PositiveFloat, PositiveInt, Rate
from fmtool.errors import UsageError
from fmtool.models.base import Activation, ModelConfig


class EncoderConfig(ModelConfig):
    """Of a stack of transformer blocks; see `attention.Encoder`."""

    width: PositiveInt
    depth: PositiveInt
    heads: PositiveInt
    mlp_ratio: PositiveFloat
    """Hidden units of each block's dense layers, in widths."""
    activation: Activation
    dropout: Rate
    attention_dropout: Rate
    stochastic_depth: Rate


def check_heads(width: int, heads: int) -> None:
    """Raises UsageError where the width is no multiple of the heads."""
    if width % heads:
        raise UsageError(
            f"model.width={width} is no multiple of model.heads={heads}",
            fix=f"give {width // heads * heads or heads} or {(width // heads + 1) * heads}",
        )
