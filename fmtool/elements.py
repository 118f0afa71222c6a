"""Kinds of samples: the pixels of an image, the tokens of a text, numbers, or several of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

SampleKind = Literal["image", "text", "features", "record"]

KINDS: tuple[SampleKind, ...] = ("image", "text", "features", "record")

WHAT: dict[SampleKind, str] = {
    "image": "images",
    "text": "texts",
    "features": "rows of numbers",
    "record": "records of several fields",
}
"""The samples of a kind, for messages."""

UNITS: dict[SampleKind, str] = {
    "image": "images",
    "text": "texts",
    "features": "rows",
    "record": "records",
}
"""The same in one word, for rates."""


@dataclass(frozen=True)
class Pixels:
    """uint8 of shape (height, width, channels).

    Args:
        maximum: the largest value a pixel can have.
    """

    kind: ClassVar[SampleKind] = "image"
    dtype: ClassVar[str] = "uint8"

    shape: tuple[int, int, int]
    maximum: int = 255


@dataclass(frozen=True, eq=False)
class Tokens:
    """int32 of shape (length,), each below `vocabulary`; 0 stands behind the end of a text.

    Args:
        vectors: float32 (vocabulary, width) that an embedding may begin with, or None.
    """

    kind: ClassVar[SampleKind] = "text"
    dtype: ClassVar[str] = "int32"

    shape: tuple[int]
    vocabulary: int
    vectors: Any = None


@dataclass(frozen=True)
class Features:
    """float32 of shape (features,), or of a series (steps, channels)."""

    kind: ClassVar[SampleKind] = "features"
    dtype: ClassVar[str] = "float32"

    shape: tuple[int, ...]


Element = Pixels | Tokens | Features


@dataclass(frozen=True)
class Record:
    """Several fields, each an element by name, such as a text beside numbers.

    Samples are a mapping of as many arrays, one for each field.
    """

    kind: ClassVar[SampleKind] = "record"

    fields: Mapping[str, Element]


Sample = Element | Record


def elements_of(element: Sample) -> Any:
    """A tree of the elements that samples are made of, see `fmtool.trees`."""
    return element.fields if isinstance(element, Record) else element


def described(element: Sample) -> str:
    """Shape and kind for a message, such as `32x32x3 images`."""
    if isinstance(element, Record):
        fields = (f"{name} ({described(each)})" for name, each in element.fields.items())
        return f"records of {', '.join(fields)}"
    if isinstance(element, Pixels):
        return f"{'x'.join(map(str, element.shape))} images"
    if isinstance(element, Tokens):
        return f"texts of {element.shape[0]} tokens"
    *steps, width = element.shape
    return f"series of {steps[0]} steps of {width} numbers" if steps else f"rows of {width} numbers"
