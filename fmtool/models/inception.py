"""Inception: blocks of parallel convolutions of several sizes.

Version 1 is GoogLeNet (Szegedy et al. 2015, arXiv:1409.4842), without its auxiliary classifiers;
version 3 factorises the larger kernels (Szegedy et al. 2016, arXiv:1512.00567).
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from fmtool.config.base import Rate
from fmtool.elements import Pixels
from fmtool.models.base import Activation, ModelConfig, Stem, has_large_stem
from fmtool.representations import Representation

GIVES: tuple[Representation, ...] = ("map", "vector")

Branch = Sequence[tuple[int, int | tuple[int, int]]]
"""Filters and kernel size of one convolution after the other."""
Convolve = Callable[..., Any]

_V1 = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)
"""The filters of each block by stage: 1x1, 3x3 and before it, 5x5 and before it, after pooling."""
_V3_POOLED = (32, 64, 64)
_V3_NARROW = (128, 160, 160, 192)


class Config(ModelConfig):
    name: Literal["inception"]
    version: Literal[1, 3]
    normalization: Literal["none", "batch"]
    batchnorm_momentum: Rate
    activation: Activation
    dropout: Rate
    stem: Stem


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) images to what is `wanted` of `GIVES`."""
    import keras

    from fmtool.models.layers import blocks

    def convolve(x: Any, filters: int, size: int | tuple[int, int], strides: int = 1) -> Any:
        is_normalized = cfg.normalization == "batch"
        x = blocks.convolve(x, filters, size, strides=strides, use_bias=not is_normalized)
        if is_normalized:
            x = keras.layers.BatchNormalization(momentum=cfg.batchnorm_momentum, scale=False)(x)
        return blocks.activate(x, cfg.activation)

    inputs = keras.Input(image.shape)
    network = _version_1 if cfg.version == 1 else _version_3
    x = network(inputs, convolve, is_large=has_large_stem(cfg.stem, image.shape))
    if wanted == "map":
        return keras.Model(inputs, x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, blocks.dropout(x, cfg.dropout))


def _version_1(x: Any, convolve: Convolve, *, is_large: bool) -> Any:
    import keras

    from fmtool.models.layers import blocks

    x = blocks.downsample(convolve(x, 64, 7, strides=2)) if is_large else convolve(x, 64, 3)
    x = convolve(convolve(x, 64, 1), 192, 3)
    x = blocks.downsample(x) if is_large else x
    for number, stage in enumerate(_V1):
        x = blocks.downsample(x) if number else x
        for single, before_3, of_3, before_5, of_5, pooled in stage:
            branches = [[(single, 1)], [(before_3, 1), (of_3, 3)], [(before_5, 1), (of_5, 5)]]
            most = keras.layers.MaxPooling2D
            x = _concatenate(_branches(x, convolve, branches), _pooled(x, convolve, pooled, most))
    return x


def _version_3(x: Any, convolve: Convolve, *, is_large: bool) -> Any:
    from fmtool.models.layers import blocks

    x = convolve(convolve(x, 32, 3, strides=2 if is_large else 1), 32, 3)
    x = convolve(x, 64, 3)
    x = blocks.downsample(x) if is_large else x
    x = convolve(convolve(x, 80, 1), 192, 3)
    x = blocks.downsample(x) if is_large else x
    branches: list[Branch]
    for pooled in _V3_POOLED:
        branches = [[(64, 1)], [(48, 1), (64, 5)], [(64, 1), (96, 3), (96, 3)]]
        x = _concatenate(_branches(x, convolve, branches), _pooled(x, convolve, pooled))
    x = _reduce(x, convolve, [[(384, 3)], [(64, 1), (96, 3), (96, 3)]])
    tall, wide = (7, 1), (1, 7)
    for narrow in _V3_NARROW:
        long: Branch = [(narrow, 1), (narrow, tall), (narrow, wide), (narrow, tall), (192, wide)]
        branches = [[(192, 1)], [(narrow, 1), (narrow, wide), (192, tall)], long]
        x = _concatenate(_branches(x, convolve, branches), _pooled(x, convolve, 192))
    x = _reduce(x, convolve, [[(192, 1), (320, 3)], [(192, 1), (192, wide), (192, tall), (192, 3)]])
    for _ in range(2):
        x = _expanded(x, convolve)
    return x


def _branches(x: Any, convolve: Convolve, branches: Sequence[Branch], last: int = 1) -> list[Any]:
    """The output of each branch for `x`; `last` is the stride of its last convolution."""
    outputs = []
    for branch in branches:
        y = x
        for number, (filters, size) in enumerate(branch, start=1):
            y = convolve(y, filters, size, strides=last if number == len(branch) else 1)
        outputs.append(y)
    return outputs


def _pooled(x: Any, convolve: Convolve, filters: int, pooling: Any = None) -> Any:
    """The branch that pools: the mean, as in version 3, unless told otherwise."""
    import keras

    pooling = pooling or keras.layers.AveragePooling2D
    return convolve(pooling(3, strides=1, padding="same")(x), filters, 1)


def _reduce(x: Any, convolve: Convolve, branches: Sequence[Branch]) -> Any:
    """Half the size: branches that end with stride 2, and a pooling."""
    from fmtool.models.layers import blocks

    return _concatenate(_branches(x, convolve, branches, last=2), blocks.downsample(x))


def _expanded(x: Any, convolve: Convolve) -> Any:
    """The blocks of version 3 on the smallest images, whose branches fork at their ends."""
    (single,) = _branches(x, convolve, [[(320, 1)]])
    forked = [
        convolve(y, 384, size)
        for y in _branches(x, convolve, [[(384, 1)], [(448, 1), (384, 3)]])
        for size in ((1, 3), (3, 1))
    ]
    return _concatenate([single, *forked], _pooled(x, convolve, 192))


def _concatenate(branches: Sequence[Any], pooled: Any) -> Any:
    import keras

    return keras.layers.Concatenate()([*branches, pooled])
