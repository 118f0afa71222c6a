"""The contract of a model's file, and the base of its config."""

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from fmtool.config.base import NamedConfig
from fmtool.elements import Sample, SampleKind
from fmtool.representations import PLAIN, HeadHints, Representation

Activation = Literal[
    "celu", "elu", "gelu", "hard_silu", "leaky_relu", "mish", "relu", "relu6", "selu",
    "sigmoid", "silu", "softplus", "softsign", "swish", "tanh",
]  # fmt: skip
Normalization = Literal["none", "batch", "layer"]
DropoutKind = Literal["standard", "spatial", "block"]
"""The unit of an image (height, width, channels) that is dropped: a value, a channel, a square."""
Stem = Literal["auto", "small", "large"]
"""The first layers: `small` keeps the size of images of some 32 pixels, `large` quarters it."""

_LARGE = 96
"""Pixels a side from which on `auto` takes the large stem."""


def has_large_stem(stem: Stem, input_shape: tuple[int, int, int]) -> bool:
    """True where the first layers are to quarter images of (height, width, channels)."""
    if stem == "auto":
        return min(input_shape[:2]) >= _LARGE
    return stem == "large"


class ModelConfig(NamedConfig):
    """Subclassed by the `Config` of each model file."""

    summary: bool
    """Print what the model is made of before training. conf/train.yaml sets it for all models."""


class Build(Protocol):
    def __call__(self, cfg: Any, element: Any, wanted: Representation, /) -> Any:
        """A Keras model that maps samples (batch, *element.shape) to one of `GIVES`.

        Samples are float32 and already normalised; tokens are int32. Nothing is in the model that
        the wanted representation does not need. Raises ValueError where the layers do not fit
        together for such samples.
        """


class Hints(Protocol):
    def __call__(self, cfg: Any, /) -> HeadHints:
        """Hints for the layer behind the model; called after `build`, where Keras is."""


class Check(Protocol):
    def __call__(self, cfg: Any, element: Any, /) -> None:
        """Raises UsageError, without Keras, for samples that the keys do not allow."""


class Adapt(Protocol):
    def __call__(self, cfg: Any, core: Any, images: Any, /) -> None:
        """Sets first weights of what `build` gave.

        Args:
            images: normalised, float32 (n, *element.shape), of the training part.
        """


def _plain(cfg: Any, /) -> HeadHints:
    """The hints of a model that has none."""
    return PLAIN


def _every_sample(cfg: Any, element: Sample, /) -> None:
    """The check of a model that takes samples of every size."""


@dataclass(frozen=True)
class ModelOption:
    """The contract of a model's file: its names, each a field.

    A whole file, beside the YAML file of the same name::

        READS = ("image", "features")
        GIVES = ("vector",)

        class Config(ModelConfig):
            name: Literal["dense"]
            units: PositiveInt

        def build(cfg, element, wanted):
            import keras

            return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(cfg.units)])

    Args:
        READS: kinds of samples.
        GIVES: representations; none for a file of an earlier release, see `compat.models`.
        READS_PIXELS: it normalises on its own, and is given pixels from 0 to 255.
        IS_CONVOLUTIONAL: it convolves, by which the backend is chosen.
        SMALLEST_IMAGE: pixels a side that it takes with its default keys; None if not known.
        adapt: None where the first weights do not depend on samples.
    """

    Config: type[ModelConfig]
    build: Build
    READS: tuple[SampleKind, ...] = ("image",)
    GIVES: tuple[Representation, ...] = ()
    READS_PIXELS: bool = False
    IS_CONVOLUTIONAL: bool = True
    SMALLEST_IMAGE: int | None = None
    check: Check = _every_sample
    adapt: Adapt | None = None
    head_hints: Hints = _plain
