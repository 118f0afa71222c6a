"""Bag of words: the mean of the tokens' vectors, without their order (Joulin et al. 2016).

arXiv:1607.01759, which adds n-grams as tokens; with hidden layers and dropped words the deep
averaging network of Iyyer et al. 2015 (aclanthology.org/P15-1162).
"""

from typing import Any, Literal

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import SampleKind, Tokens
from fmtool.models.base import Activation
from fmtool.models.layers.keys import TextConfig, check
from fmtool.representations import Representation

__all__ = ["GIVES", "IS_CONVOLUTIONAL", "READS", "Config", "build", "check"]

IS_CONVOLUTIONAL = False
READS: tuple[SampleKind, ...] = ("text",)
GIVES: tuple[Representation, ...] = ("vector",)


class Config(TextConfig):
    name: Literal["bag"]
    word_dropout: Rate
    """Share of the tokens that are left out of the mean while training."""
    units: list[PositiveInt]
    activation: Activation
    dropout: Rate


def build(cfg: Config, tokens: Tokens, wanted: Representation) -> Any:
    """Maps (batch, *tokens.shape) tokens to what is `wanted` of `GIVES`."""
    check(cfg, tokens)

    import keras

    from fmtool.models.layers import blocks, pooling, timesteps

    text = timesteps.of_text(cfg, tokens)
    x = pooling.pool(blocks.timestep_dropout(text.x, cfg.word_dropout), text.mask, "mean")
    x = blocks.hidden_layers(x, cfg.units, cfg.activation, cfg.dropout)
    return keras.Model(text.inputs, x)
