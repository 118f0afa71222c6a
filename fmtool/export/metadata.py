"""What an exported file says of itself: what it reads and gives, its classes, where it is from."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fmtool.elements import Element, Kind, Pixels
from fmtool.errors import DataError

KEY = "fmtool"
"""Of the metadata within a file, where its format has keys."""

FILE = "fmtool.json"
"""Where its format has files within a file."""

_FIX = "give a file that `fmtool export` wrote"

INPUT_NAMES: Mapping[Kind, str] = {"image": "pixels", "text": "tokens", "features": "features"}
OUTPUTS = ("probabilities", "logits", "label", "embedding")


@dataclass(frozen=True)
class Input:
    """The one input of an exported model.

    Args:
        shape: of a sample; None for a side that may have any length.
        batch: samples that are read at once; None for any number.
        maximum: the largest value of a pixel; None for what are no pixels.
    """

    name: str
    kind: Kind
    dtype: str
    shape: tuple[int | None, ...]
    batch: int | None
    maximum: int | None


@dataclass(frozen=True)
class Metadata:
    """In JSON within every file.

    Args:
        outputs: type by name; each has the samples as its first axis.
        trained_shape: of a sample while training, which `input.shape` may leave open.
        labels: the class names, in the order of the logits.
        manifest_digest: hex SHA-256 of the run's manifest.json.
        preprocessing: how a picture or a text becomes the input; see `preprocessing.of`.
    """

    model: str
    data: str
    run: str
    fmtool: str
    manifest_digest: str
    quantization: str
    input: Input
    trained_shape: tuple[int, ...]
    outputs: Mapping[str, str]
    labels: tuple[str, ...]
    preprocessing: Mapping[str, Any] = field(default_factory=dict)
    schema_version: int = 1

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str, *, origin: str) -> "Metadata":
        """Raises DataError, with the field, for what fmtool did not write."""
        from fmtool.export import documents

        what = f"{origin} does not say what it reads and gives"
        if not text:
            raise DataError(what, fix=_FIX)
        found = documents.parsed(documents.MetadataDocument, text, what=what, fix=_FIX)
        fields = documents.plain(found)
        return cls(**{**fields, "input": Input(**fields["input"])})


def input_of(element: Element, *, any_size: bool, batch: int | None) -> Input:
    """The input of a model for samples of `element`; `any_size` leaves sides of images open."""
    shape: tuple[int | None, ...] = element.shape
    if any_size:
        shape = (None, None, element.shape[-1])
    maximum = element.maximum if isinstance(element, Pixels) else None
    return Input(INPUT_NAMES[element.kind], element.kind, element.dtype, shape, batch, maximum)


def append(path: Path, member: str, metadata: Metadata) -> None:
    """Adds it to a zip archive, or behind a file that is none; the same bytes at any time."""
    with zipfile.ZipFile(path, "a") as archive:
        # Without a time of its own, so that of 1980.
        archive.writestr(zipfile.ZipInfo(member), metadata.to_json())


def output_types(names: tuple[str, ...]) -> dict[str, Any]:
    return {name: "int32" if name == "label" else "float32" for name in names}
