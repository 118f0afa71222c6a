"""The keys that transformers share."""

from typing import Self

from pydantic import model_validator

from fmtool.config.base import PositiveFloat, PositiveInt, Rate
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

    @model_validator(mode="after")
    def _heads_share_the_width(self) -> Self:
        width, heads = self.width, self.heads
        if width % heads:
            fix = f"{width // heads * heads or heads} or {(width // heads + 1) * heads}"
            raise ValueError(
                f"width={width} is no multiple of heads={heads}; give model.width {fix}"
            )
        return self
