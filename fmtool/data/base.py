"""The contract of a data set: the keys a user may set, and the facts about the set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, Field, FiniteFloat

from fmtool import registry
from fmtool.config.base import NamedConfig, PositiveInt, Rate
from fmtool.elements import SampleKind
from fmtool.targets import Target

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fmtool.data.splitting.measured import Measured
    from fmtool.data.splitting.splits import Splits

CacheOrigin = Literal["auto", "cache", "official", "mirror"]


def _rising(pair: list[float]) -> list[float]:
    if not pair[0] < pair[1]:
        raise ValueError(f"{pair} does not rise; give [LOW,HIGH] with LOW below HIGH")
    return pair


RisingPair = Annotated[
    list[FiniteFloat], Field(min_length=2, max_length=2), AfterValidator(_rising)
]


class DataConfig(NamedConfig):
    source: CacheOrigin
    """The sources that may fill an empty cache; a filled, verified cache always serves."""
    validation_fraction: Rate
    fraction: Annotated[float, Field(gt=0, le=1)]
    limit: PositiveInt | None
    normalize: Literal["standardize", "unit", "none"]
    storage: Literal["auto", "device", "host", "stream"]
    """The place of the samples while training; it never changes which samples a step sees."""


@dataclass(frozen=True)
class SetInfo:
    """The facts about a data set that need neither the network nor the data.

    Args:
        image_shape: (height, width, channels); None where samples are no images.
        download_bytes: size of the official files; 0 if the set comes with an installed package,
            or is read from a folder that `data.path` names.
        digests: hex SHA-256 of `x_train`, `y_train`, `x_test` and `y_test` (labels as uint8);
            None if they are not known and the digest of the official archive has to do.
        columns: the names of the numbers in a row; none where samples are no rows of numbers.
    """

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    target: Target
    image_shape: tuple[int, int, int] | None
    train_size: int
    test_size: int
    download_bytes: int
    digests: Mapping[str, str] | None
    pixel_max: int = 255
    columns: tuple[str, ...] = ()

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes in label order; UsageError where the target has none."""
        return self.target.class_names


class Load(Protocol):
    def __call__(self, cfg: Any, /) -> "Splits":
        """The whole set. Raises DataError for what is not sound, Unavailable for what is away."""


class LoadMeasured(Protocol):
    def __call__(self, cfg: Any, measured: "Measured", /) -> "Splits":
        """Labelled samples that a run is measured on, labels by its class names, as test split."""


class Fit(Protocol):
    def __call__(self, cfg: Any, splits: "Splits", rows: "NDArray[Any]", /) -> "Splits":
        """`splits` with samples made by something that is fitted, such as a tokenizer.

        Args:
            rows: int32 numbers of the training samples that it may see.
        """


class Restore(Protocol):
    def __call__(self, cfg: Any, splits: "Splits", artifacts: Mapping[str, str], /) -> "Splits":
        """The same by the files that a run has kept of what was fitted."""


class CheckSet(Protocol):
    def __call__(self, cfg: Any, splits: "Splits", /) -> None:
        """Raises DataError for what a training would find and `load` does not."""


class Originals(Protocol):
    def __call__(
        self, cfg: Any, rows: "NDArray[Any]", artifacts: Mapping[str, str], /
    ) -> Sequence[Any]:
        """Test samples as they are on disk, before they are made one size."""


def _nothing_more(cfg: Any, splits: "Splits", /) -> None:
    """The check of a set of which `load` finds everything."""


@dataclass(frozen=True)
class DataOption:
    """The contract of a data set's file: its names, each a field.

    A whole file, beside the YAML file of the same name::

        class Config(DataConfig):
            name: Literal["coins"]

        def load(cfg):
            return Splits("coins", train=Split(x, y), test=Split(x_test, y_test), ...)

    Args:
        KIND: of the samples; None where only the files say.
        INFO: of a set that comes from somewhere; None for users' own.
        load_measured: None where `evaluate` cannot measure on other samples.
        fit, restore: both or none.
        originals: None where samples are not made of files of any size.
    """

    Config: type[DataConfig]
    load: Load
    KIND: SampleKind | None = "image"
    INFO: SetInfo | None = None
    load_measured: LoadMeasured | None = None
    fit: Fit | None = None
    restore: Restore | None = None
    check: CheckSet = _nothing_more
    originals: Originals | None = None


def option(name: str) -> DataOption:
    """The file behind `data=name`. Raises UsageError where there is none, or it is malformed."""
    return registry.option("data", name, DataOption)
