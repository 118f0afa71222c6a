"""Keys that several architectures share, and what these check of the samples."""

from typing import Literal, Self

from pydantic import model_validator

from fmtool.config.base import PositiveFloat, PositiveInt, Rate
from fmtool.elements import Element, Features, Pixels, Tokens
from fmtool.errors import UsageError
from fmtool.models.base import Activation, ModelConfig

Pooling = Literal["last", "mean", "max", "attention"]
"""The way from the steps of a sample to one vector."""


class EncoderConfig(ModelConfig):
    """Keys of a stack of transformer blocks; see `attention.Encoder`."""

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


class PatchConfig(ModelConfig):
    """For models that cut images into patches."""

    patch_size: PositiveInt
    """Pixels a side."""


class TextConfig(ModelConfig):
    """For models that read tokens."""

    embedding_dim: PositiveInt | None
    """Numbers for each token; null for as many as the vectors of the data have."""
    embedding_dropout: Rate
    train_embedding: bool


class SequenceConfig(TextConfig, PatchConfig):
    """For models that read images and series too."""

    steps: Literal["rows", "columns", "patches"]
    """The part of an image that is one step."""


def embedding_width(cfg: TextConfig, tokens: Tokens, *, otherwise: int) -> int:
    """Numbers for each token.

    Args:
        otherwise: what `embedding_dim: null` comes to where the data has no vectors.
    """
    if tokens.vectors is None:
        return cfg.embedding_dim or otherwise
    return int(tokens.vectors.shape[1])


def check(cfg: TextConfig, element: Element) -> None:
    """Raises UsageError for samples that have no steps, or vectors that do not fit the keys."""
    if isinstance(element, Tokens):
        _check_vectors(cfg, element)
    elif isinstance(cfg, SequenceConfig):
        _check_steps(cfg, element)


def _check_vectors(cfg: TextConfig, tokens: Tokens) -> None:
    if tokens.vectors is None:
        if not cfg.train_embedding:
            raise UsageError(
                "model.train_embedding=false keeps an embedding that is random: "
                "the data has no vectors",
                fix="model.train_embedding=true, or data with vectors",
            )
        return
    width = tokens.vectors.shape[1]
    if cfg.embedding_dim not in (None, width):
        raise UsageError(
            f"model.embedding_dim={cfg.embedding_dim}, but the data's vectors have {width} numbers",
            fix=f"model.embedding_dim=null, or {width}",
        )


def _check_steps(cfg: SequenceConfig, element: Pixels | Features) -> None:
    if isinstance(element, Pixels) and cfg.steps == "patches":
        check_patches(cfg, element)
    if isinstance(element, Features) and len(element.shape) != 2:
        sizes = "x".join(map(str, element.shape))
        raise UsageError(
            f"model={cfg.name} reads series of shape (steps, channels), not samples of {sizes}",
            fix="choose model=mlp, or give numbers in an order one channel: (steps, 1)",
        )


def check_patches(cfg: PatchConfig, image: Pixels) -> None:
    """Raises UsageError for images smaller than a patch."""
    height, width, _ = image.shape
    if min(height, width) < cfg.patch_size:
        raise UsageError(
            f"model.patch_size={cfg.patch_size} is more than the {height}x{width} pixels of the "
            "images",
            fix=f"give {min(height, width)} or less",
        )
