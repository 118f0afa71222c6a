"""Residual networks: blocks that add to what they read (He et al. 2016, arXiv:1512.03385).

Also with pre-activation (He et al. 2016, arXiv:1603.05027), wide (Zagoruyko & Komodakis 2016,
arXiv:1605.07146), with stochastic depth (arXiv:1603.09382) and squeeze-and-excitation
(arXiv:1709.01507).
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from fmtool.config.base import PositiveInt, Rate
from fmtool.elements import Pixels
from fmtool.models.base import Activation, DropoutKind, ModelConfig, Stem, has_large_stem
from fmtool.representations import Representation

GIVES: tuple[Representation, ...] = ("map", "vector")

_FOUR_STAGES = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
"""Blocks of each stage, by depth; other depths have three stages of as many blocks each."""
_BOTTLENECK_FROM = 50
_EXPANSION = 4

Convolution = tuple[int, int, int]
"""Filters, kernel size and stride."""


def blocks_of(depth: int) -> tuple[int, ...]:
    """Blocks of each stage. Raises ValueError for a depth that no network of this kind has."""
    if depth in _FOUR_STAGES:
        return _FOUR_STAGES[depth]
    # 6n + 4 counts the projections too, as papers on wide networks do.
    for others in (2, 4):
        count, rest = divmod(depth - others, 6)
        if count > 0 and not rest:
            return (count,) * 3
    raise ValueError(
        f"no ResNet has {depth} layers; "
        "give 18, 34, 50, 101, 152, or 6n + 2 (20, 32, 44, 56, 110), or 6n + 4 (16, 28, 40)"
    )


def _known(depth: int) -> int:
    blocks_of(depth)
    return depth


class Config(ModelConfig):
    name: Literal["resnet"]
    depth: Annotated[PositiveInt, AfterValidator(_known)]
    widening: PositiveInt
    """Times as many filters as in the paper."""
    preactivation: bool
    shortcut: Literal["auto", "pad", "project"]
    """The shortcut of a block with more filters than its input has."""
    stochastic_depth: Rate
    """Share of samples that skip the last block; it grows linearly up to there."""
    squeeze_excitation: PositiveInt | None
    """Channels for each hidden unit of the gates; null for no gates."""
    batchnorm_momentum: Rate
    activation: Activation
    dropout: Rate
    dropout_kind: DropoutKind
    block_size: PositiveInt
    stem: Stem


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) images to what is `wanted` of `GIVES`."""
    counts = blocks_of(cfg.depth)

    import keras

    from fmtool.models.layers import blocks

    width = (64 if len(counts) == 4 else 16) * cfg.widening
    inputs = keras.Input(image.shape)
    first = 16 if len(counts) == 3 and cfg.preactivation else width
    x = _stem(cfg, inputs, first, is_large=has_large_stem(cfg.stem, image.shape))
    rates = iter(blocks.linear_rates(cfg.stochastic_depth, sum(counts)))
    for stage, count in enumerate(counts):
        for number in range(count):
            strides = 2 if stage and not number else 1
            x = _block(cfg, x, _convolutions(cfg.depth, width << stage, strides), next(rates))
    if cfg.preactivation:
        x = _activated(cfg, x)
    if wanted == "vector":
        x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, x)


def _activated(cfg: Config, x: Any) -> Any:
    from fmtool.models.layers import blocks

    return blocks.normalize_and_activate(x, cfg.activation, "batch", cfg.batchnorm_momentum)


def _stem(cfg: Config, x: Any, filters: int, *, is_large: bool) -> Any:
    from fmtool.models.layers import blocks

    x = blocks.convolve(x, filters, 7, strides=2) if is_large else blocks.convolve(x, filters, 3)
    if not cfg.preactivation:
        x = _activated(cfg, x)
    return blocks.downsample(x) if is_large else x


def _convolutions(depth: int, filters: int, strides: int) -> list[Convolution]:
    """The convolutions of a block: two of 3x3, or one between two of 1x1 in the deep networks."""
    if depth in _FOUR_STAGES and depth >= _BOTTLENECK_FROM:
        return [(filters, 1, 1), (filters, 3, strides), (_EXPANSION * filters, 1, 1)]
    return [(filters, 3, strides), (filters, 3, 1)]


def _block(cfg: Config, x: Any, convolutions: list[Convolution], rate: float) -> Any:
    import keras

    from fmtool.models.layers import blocks

    y = _activated(cfg, x) if cfg.preactivation else x
    shortcut = _shortcut(cfg, x, y, convolutions)
    for number, (filters, size, strides) in enumerate(convolutions):
        if number:
            y = _activated(cfg, y)
            y = blocks.feature_dropout(y, cfg.dropout, cfg.dropout_kind, cfg.block_size)
        y = blocks.convolve(y, filters, size, strides=strides)
    if not cfg.preactivation:
        y = blocks.normalize(y, "batch", cfg.batchnorm_momentum)
    if cfg.squeeze_excitation is not None:
        y = blocks.squeeze_and_excite(y, cfg.squeeze_excitation, cfg.activation)
    x = keras.layers.Add()([shortcut, blocks.stochastic_depth(y, rate)])
    return x if cfg.preactivation else blocks.activate(x, cfg.activation)


def _shortcut(cfg: Config, x: Any, activated: Any, convolutions: list[Convolution]) -> Any:
    """The summand of a block: `x` itself where its size and its channels stay."""
    import keras

    from fmtool.models.layers import blocks

    filters, strides = convolutions[-1][0], max(strides for *_, strides in convolutions)
    missing = filters - x.shape[-1]
    if strides == 1 and not missing:
        return x
    kind = cfg.shortcut
    if kind == "auto":
        kind = "pad" if cfg.depth not in _FOUR_STAGES and cfg.depth % 6 == 2 else "project"
    if kind == "project":
        y = blocks.convolve(activated, filters, 1, strides=strides)
        return y if cfg.preactivation else blocks.normalize(y, "batch", cfg.batchnorm_momentum)
    y = keras.layers.MaxPooling2D(1, strides=strides, padding="same")(x)  # every second pixel
    return keras.ops.pad(y, [[0, 0], [0, 0], [0, 0], [missing // 2, missing - missing // 2]])
