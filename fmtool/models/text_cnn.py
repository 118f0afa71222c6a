"""Convolutions of several lengths over a text, each filter's largest value kept (Kim 2014).

arXiv:1408.5882.
"""

from typing import Annotated, Any, Literal

from pydantic import Field

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Element, SampleKind
from fmtool.models.base import Activation
from fmtool.models.layers.keys import SequenceConfig, check
from fmtool.representations import Representation

__all__ = ["GIVES", "READS", "Config", "build", "check"]

READS: tuple[SampleKind, ...] = ("text", "image", "features")
GIVES: tuple[Representation, ...] = ("vector",)


class Config(SequenceConfig):
    name: Literal["text_cnn"]
    kernel_sizes: Annotated[list[PositiveInt], Field(min_length=1)]
    filters: PositiveInt
    """The filters of each size."""
    activation: Activation
    dropout: Rate


def build(cfg: Config, element: Element, wanted: Representation) -> Any:
    """Maps (batch, *element.shape) samples to what is `wanted` of `GIVES`."""
    check(cfg, element)

    import keras

    from fmtool.models.layers import blocks, pooling, timesteps

    sample = timesteps.of_sample(cfg, element)
    x, mask = sample.x, sample.mask
    if mask is not None:
        # As in the paper zeros surround a text, so that one shorter than a kernel has windows too;
        # windows whose middle is in the text count, however many zeros follow.
        x = keras.ops.where(mask[..., None], x, 0.0)
    found = []
    for size in cfg.kernel_sizes:
        y = keras.layers.Conv1D(cfg.filters, size, padding="same")(x)
        found.append(pooling.pool(blocks.activate(y, cfg.activation), mask, "max"))
    y = blocks.dropout(keras.ops.concatenate(found, axis=-1), cfg.dropout)
    return keras.Model(sample.inputs, y)
