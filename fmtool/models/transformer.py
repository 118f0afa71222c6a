"""Transformer encoder on tokens, parts of an image or a series (Vaswani et al. 2017).

arXiv:1706.03762; normalised before each part as in Xiong et al. 2020 (arXiv:2002.04745), with
rotary positions as in Su et al. 2021 (arXiv:2104.09864).
"""

from typing import Any, Literal, Self

from pydantic import model_validator

from fmtool.elements import Element, SampleKind, Tokens
from fmtool.models.layers.keys import EncoderConfig, SequenceConfig, check
from fmtool.representations import Representation

__all__ = ["GIVES", "IS_CONVOLUTIONAL", "READS", "Config", "build", "check"]

IS_CONVOLUTIONAL = False
READS: tuple[SampleKind, ...] = ("text", "image", "features")
GIVES: tuple[Representation, ...] = ("sequence", "vector")


class Config(SequenceConfig, EncoderConfig):
    name: Literal["transformer"]
    positions: Literal["learned", "sinusoidal", "rotary"]
    norm: Literal["pre", "post"]
    pooling: Literal["mean", "cls", "max"]
    """The way from the steps to a vector."""

    @model_validator(mode="after")
    def _has_pairs_to_turn(self) -> Self:
        width = self.width // self.heads
        if self.positions == "rotary" and width % 2:
            raise ValueError(
                f"positions=rotary turns pairs of channels, but width={self.width} leaves each of "
                f"the {self.heads} heads {width}; "
                f"give model.width {(width + 1) * self.heads}, or other positions"
            )
        return self


def build(cfg: Config, element: Element, wanted: Representation) -> Any:
    """Maps (batch, *element.shape) samples to what is `wanted` of `GIVES`."""
    check(cfg, element)

    import keras

    from fmtool.models.layers import attention, blocks, pooling, positions, timesteps

    sample = timesteps.of_sample(cfg, element, embedding_width=cfg.width)
    x, mask = sample.x, sample.mask
    if not isinstance(element, Tokens) or x.shape[-1] != cfg.width:
        x = keras.layers.Dense(cfg.width)(x)
    has_class_token = wanted == "vector" and cfg.pooling == "cls"
    if has_class_token:
        x = attention.prepend_class_token(x)
        mask = None if mask is None else keras.ops.concatenate([mask[:, :1], mask], axis=1)
    if cfg.positions == "learned":
        x = attention.add_positions(x)
    elif cfg.positions == "sinusoidal":
        # As in section 3.4 of the paper: vectors of tokens are small beside waves.
        x = positions.add_sinusoidal_positions(
            x * cfg.width**0.5 if isinstance(element, Tokens) else x
        )
    encoder = attention.Encoder(cfg, norm=cfg.norm, is_rotary=cfg.positions == "rotary")
    x = encoder(blocks.dropout(x, cfg.dropout), mask)
    if wanted == "vector":
        x = x[:, 0] if cfg.pooling == "cls" else pooling.pool(x, mask, cfg.pooling)
    return keras.Model(sample.inputs, x)
