"""What every data set declares: the keys a user may set, and the facts about the set."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, FiniteFloat

from fmtool.config.base import NamedConfig, PositiveInt, Rate

Source = Literal["auto", "cache", "official", "mirror"]


def _rising(pair: list[float]) -> list[float]:
    if not pair[0] < pair[1]:
        raise ValueError(f"{pair} does not rise; give [LOW,HIGH] with LOW below HIGH")
    return pair


RisingPair = Annotated[
    list[FiniteFloat], Field(min_length=2, max_length=2), AfterValidator(_rising)
]


class DataConfig(NamedConfig):
    source: Source
    """What may fill the cache when it is empty; a filled, verified cache always serves."""
    validation_fraction: Rate
    fraction: Annotated[float, Field(gt=0, le=1)]
    limit: PositiveInt | None
    normalize: Literal["standardize", "unit", "none"]
    storage: Literal["auto", "device", "host", "stream"]
    """Where the samples lie while training; never changes which samples a step sees."""


@dataclass(frozen=True)
class SetInfo:
    """The facts about a data set that need neither the network nor the data.

    Args:
        image_shape: (height, width, channels); None where samples are texts.
        download_bytes: size of the official files; 0 if the set comes with an installed package,
            or is read from a folder that `data.path` names.
        digests: hex SHA-256 of `x_train`, `y_train`, `x_test` and `y_test` (labels as uint8);
            None if they are not known and the digest of the official archive has to do.
    """

    name: str
    title: str
    licence: str
    citation: str
    homepage: str
    class_names: tuple[str, ...]
    image_shape: tuple[int, int, int] | None
    train_size: int
    test_size: int
    download_bytes: int
    digests: Mapping[str, str] | None
    pixel_max: int = 255
