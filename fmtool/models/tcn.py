"""Temporal convolutional network: ever wider causal convolutions (Bai et al. 2018).

arXiv:1803.01271. Layer normalization takes the place of the paper's weight normalization, which
Keras has no layer for.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Element, SampleKind
from fmtool.models.base import Activation
from fmtool.models.layers.keys import Pooling, SequenceConfig, check
from fmtool.representations import Representation

__all__ = ["GIVES", "READS", "Config", "build", "check"]

READS: tuple[SampleKind, ...] = ("text", "image", "features")
GIVES: tuple[Representation, ...] = ("sequence", "vector")


class Config(SequenceConfig):
    name: Literal["tcn"]
    filters: PositiveInt
    kernel_size: PositiveInt
    dilations: Annotated[list[PositiveInt], Field(min_length=1)]
    """Timesteps between the inputs of a filter, for each block."""
    pooling: Pooling
    normalization: Literal["none", "layer"]
    """The normalization of each step by itself, so that padding has no part in it."""
    activation: Activation
    dropout: Rate


def build(cfg: Config, element: Element, wanted: Representation) -> Any:
    """Maps (batch, *element.shape) samples to what is `wanted` of `GIVES`."""
    check(cfg, element)

    import keras

    from fmtool.models.layers import pooling, timesteps

    sample = timesteps.of_sample(cfg, element)
    x = sample.x
    for dilation in cfg.dilations:
        x = _block(cfg, x, dilation)
    if wanted == "vector":
        x = pooling.pool(x, sample.mask, cfg.pooling)
    return keras.Model(sample.inputs, x)


def _block(cfg: Config, x: Any, dilation: int) -> Any:
    import keras

    from fmtool.models.layers import blocks

    y = x
    for _ in range(2):
        y = keras.layers.Conv1D(
            cfg.filters,
            cfg.kernel_size,
            dilation_rate=dilation,
            padding="causal",
            kernel_initializer="he_normal",
        )(y)
        y = blocks.normalize_and_activate(y, cfg.activation, cfg.normalization)
        y = blocks.channel_dropout(y, cfg.dropout)
    if x.shape[-1] != cfg.filters:
        x = keras.layers.Conv1D(cfg.filters, 1)(x)
    return blocks.activate(keras.layers.Add()([x, y]), cfg.activation)
