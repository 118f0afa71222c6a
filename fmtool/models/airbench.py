"""The small convolutional network of the CIFAR-10 speed records (Jordan 2024, arXiv:2404.00498).

A whitening convolution, then groups that halve the image, a pooling and a linear output.
"""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from fmtool.config.base import PositiveFloat, PositiveInt, Rate
from fmtool.elements import Pixels
from fmtool.errors import UsageError
from fmtool.models.base import Activation, ModelConfig
from fmtool.representations import HeadHints, Representation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GIVES: tuple[Representation, ...] = ("map", "vector")

_PATCH = 2
_LAST_POOL = 3
_WHITENING = "whitening"


class Config(ModelConfig):
    name: Literal["airbench"]
    widths: Annotated[list[PositiveInt], Field(min_length=1)]
    """Channels of each group."""
    convs_per_group: Literal[2, 3]
    """With 3, what the first one gave is added before the last activation."""
    whitening: bool
    """The first kernel is computed from training images and stays; false: random and trained."""
    whitening_epsilon: PositiveFloat
    """Added to the variances of the patches."""
    activation: Activation
    batchnorm_momentum: Rate
    epsilon: PositiveFloat
    logit_scale: PositiveFloat


def check(cfg: Config, image: Pixels) -> None:
    """Raises UsageError for images that a group would leave too small for the last pooling."""
    height, width, _ = image.shape
    smallest = _LAST_POOL * 2 ** len(cfg.widths) + _PATCH - 1
    if min(height, width) < smallest:
        raise UsageError(
            f"model=airbench with {len(cfg.widths)} groups needs images of {smallest}x{smallest} "
            f"pixels or more, not {height}x{width}",
            fix="use fewer model.widths or another model, such as model=cnn",
        )


def build(cfg: Config, image: Pixels, wanted: Representation) -> Any:
    """Maps (batch, *image.shape) images to what is `wanted` of `GIVES`."""
    check(cfg, image)

    import keras

    from fmtool.models.layers import blocks

    inputs = keras.Input(image.shape)
    first = keras.layers.Conv2D(2 * _PATCH**2 * image.shape[2], _PATCH, name=_WHITENING)
    x = blocks.activate(first(inputs), cfg.activation)
    first.kernel.trainable = not cfg.whitening
    for number, width in enumerate(cfg.widths, start=1):
        x = _group(cfg, x, width, f"group{number}")
    if wanted == "vector":
        x = keras.layers.Flatten()(keras.layers.MaxPooling2D(_LAST_POOL)(x))
    return keras.Model(inputs, x)


def head_hints(cfg: Config) -> HeadHints:
    """A linear output without bias, multiplied by `logit_scale`."""
    from fmtool.models.layers import initializers

    initializer = initializers.uniform_by_fan_in()
    return HeadHints(use_bias=False, kernel_initializer=initializer, scale=cfg.logit_scale)


def adapt(cfg: Config, core: Any, images: "NDArray[np.float32]") -> None:
    """Puts the whitening filters of normalised `images` (n, h, w, c) into the built `core`."""
    if cfg.whitening:
        from fmtool.models.layers.whitening import whitening_filters

        filters = whitening_filters(images, size=_PATCH, epsilon=cfg.whitening_epsilon)
        core.get_layer(_WHITENING).kernel.assign(filters)


def _group(cfg: Config, x: Any, width: int, name: str) -> Any:
    """Convolutions of which the first is pooled, each normalised and activated."""
    import keras

    from fmtool.models.layers import blocks, initializers

    shortcut = None
    for number in range(1, cfg.convs_per_group + 1):
        convolution = keras.layers.Conv2D(
            width,
            3,
            padding="same",
            use_bias=False,
            kernel_initializer=initializers.uniform_by_fan_in(),
            name=f"{name}_conv{number}",
        )
        x = convolution(x)
        initializers.make_partly_identity(convolution.kernel)
        if number == 1:
            x = keras.layers.MaxPooling2D(2)(x)
        x = keras.layers.BatchNormalization(
            momentum=cfg.batchnorm_momentum,
            epsilon=cfg.epsilon,
            scale=False,
            name=f"{name}_norm{number}",
        )(x)
        if number == 3:
            x = keras.layers.Add(name=f"{name}_sum")([x, shortcut])
        x = blocks.activate(x, cfg.activation)
        if number == 1:
            shortcut = x
    return x
