"""Schemas of the JSON that fmtool reads back from exported files and bundles."""

import re
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from fmtool.data.base import RisingPair
from fmtool.elements import Features, Pixels, SampleKind, Tokens
from fmtool.errors import DataError
from fmtool.notices import printable

Text = Annotated[str, StringConstraints(max_length=100_000)]
Count = Annotated[int, Field(ge=0, lt=2**53)]
Side = Annotated[int, Field(ge=1, lt=2**31)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]{1,64}$")]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Quantization = Literal["none", "float16", "dynamic", "int8"]
Format = Literal["keras", "saved_model", "onnx", "litert", "openvino", "torch"]

Values = int | float | list[int | float] | list[list[int | float]]
"""The values of an output for one sample."""

_DTYPES: dict[SampleKind, str] = {each.kind: each.dtype for each in (Pixels, Tokens, Features)}
_MAX_REASON = 120
_Parsed = TypeVar("_Parsed", bound=BaseModel)


class Document(BaseModel):
    """Strict types, no other keys, finite numbers."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True
    )


class Loose(Document):
    """The same with other keys left as they are."""

    model_config = ConfigDict(extra="allow")


class InputDocument(Document):
    name: Name
    kind: SampleKind
    dtype: Literal["uint8", "int32", "float32"]
    shape: Annotated[tuple[Side | None, ...], Field(min_length=1, max_length=4)]
    batch: Side | None
    maximum: Annotated[int, Field(ge=1, le=255)] | None

    @model_validator(mode="after")
    def _is_of_its_kind(self) -> Self:
        if self.dtype != _DTYPES[self.kind]:
            raise ValueError(f"dtype {self.dtype} is not that of {self.kind}")
        is_image = self.kind == "image"
        if (self.maximum is not None) != is_image or (is_image and len(self.shape) != 3):
            raise ValueError(f"shape or maximum is not one of {self.kind}")
        open_sides = [side is None for side in self.shape]
        if any(open_sides) and open_sides != [is_image, is_image, False]:
            raise ValueError("only the height and width of pictures can be open, and both")
        return self


class PreprocessingDocument(Loose):
    """Keys of pictures, texts and rows of numbers; a kind of input has its own."""

    color: Literal["rgb", "grayscale"] | None = None
    background: Literal["white", "black", "none"] = "none"
    levels: Literal["upper"] | RisingPair | None = "upper"
    was_resized: bool = False
    resize_mode: Literal["stretch", "crop", "pad"] = "stretch"
    filter: Literal["bilinear"] = "bilinear"
    tokenizer: Literal["tokenizer.json"] = "tokenizer.json"
    length: Side = 1
    truncate: Literal["end", "start"] = "end"
    padding: Count = 0
    unknown: Count = 1
    origin: list[int | float] | None = None
    columns: list[Text] | None = None


class OutputDocument(Document):
    dtype: Literal["int32", "uint8", "float32"]
    compare: Literal["equal", "close", "relative", "reported"]
    shape: Annotated[tuple[Side, ...], Field(max_length=4)] | None = ()
    below: Side | None = None
    noun: Annotated[str, StringConstraints(max_length=100)] = ""

    @model_validator(mode="after")
    def _can_be_compared(self) -> Self:
        is_float = self.dtype == "float32"
        if is_float == (self.compare == "equal") or (is_float and self.below is not None):
            raise ValueError(f"values of type {self.dtype} are not compared like that")
        return self


class TargetDocument(Document):
    kind: Literal["label", "labels", "numbers"]
    names: Annotated[list[Text], Field(min_length=1)]
    shape: Annotated[list[Side], Field(min_length=1, max_length=4)] | None = None

    @model_validator(mode="after")
    def _has_what_its_kind_has(self) -> Self:
        if (self.shape is None) != (self.kind != "numbers"):
            raise ValueError("numbers alone have a shape")
        if self.shape is not None and self.shape[-1] != len(self.names):
            raise ValueError("names are not as many as the last side")
        return self


class TaskDocument(Loose):
    """The name of a task, and beside it what the task itself wrote."""

    name: Name


class AnyMetadataDocument(Document):
    """The keys that schemas 1 and 2 share."""

    model: Text
    data: Text
    run: Text
    fmtool: Text
    manifest_digest: Text
    quantization: Quantization
    input: InputDocument
    trained_shape: Annotated[tuple[Side, ...], Field(min_length=1, max_length=4)]
    preprocessing: PreprocessingDocument = PreprocessingDocument()

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        read, trained = self.input.shape, self.trained_shape
        if len(read) != len(trained) or any(
            side not in (None, other) for side, other in zip(read, trained, strict=True)
        ):
            raise ValueError("trained_shape is not one of input.shape")
        return self


class FirstMetadataDocument(AnyMetadataDocument):
    """Schema 1: one label of several."""

    outputs: dict[
        Literal["probabilities", "logits", "label", "embedding"], Literal["int32", "float32"]
    ]
    labels: Annotated[tuple[Text, ...], Field(min_length=1)]
    schema_version: Literal[1] = 1

    @model_validator(mode="after")
    def _gives_labels(self) -> Self:
        if self.outputs.get("label") is None:
            raise ValueError("outputs have no label")
        for name, dtype in self.outputs.items():
            if dtype != ("int32" if name == "label" else "float32"):
                raise ValueError(f"outputs.{name} is not of type {dtype}")
        return self


class MetadataDocument(AnyMetadataDocument):
    """Schema 2: any task."""

    outputs: Annotated[dict[Name, OutputDocument], Field(min_length=1, max_length=100)]
    target: TargetDocument
    task: TaskDocument
    labels: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    schema_version: Literal[2]

    @model_validator(mode="after")
    def _names_its_classes(self) -> Self:
        names = None if self.target.kind == "numbers" else tuple(self.target.names)
        if self.labels != names:
            raise ValueError("labels are not the names of the target")
        return self


class DifferenceDocument(Loose):
    max: Annotated[float, Field(ge=0)] | None
    relative: Annotated[float, Field(ge=0)] | None = None
    deviations: list[Annotated[float, Field(gt=0)]] | None = None


class ParityDocument(Loose):
    samples: Count
    agreeing: Count | None = None
    differences: dict[Name, DifferenceDocument]


class WholeParityDocument(ParityDocument):
    pictures: ParityDocument | None = None


class RowDocument(Loose):
    """A file of export.json."""

    name: Name
    format: Format
    quantization: Quantization
    path: Text
    sha256: dict[Text, Digest]
    parity: WholeParityDocument

    @model_validator(mode="after")
    def _lies_in_its_folder(self) -> Self:
        if not self.path.startswith(f"{self.name}/"):
            raise ValueError("path is not in the folder of that name")
        return self


class ReportDocument(Loose):
    """export.json of a bundle; without a target it is about labels."""

    target: TargetDocument | None = None
    manifest_digest: Text | None = None
    files: Annotated[list[RowDocument], Field(min_length=1)]


class PictureDocument(Loose):
    """A picture of another size; beside it what the run's network gives for it, by output."""

    __pydantic_extra__: dict[str, Values]
    file: Annotated[str, StringConstraints(pattern=r"^[0-9]+-[a-z]+\.(png|npy)$")]


class PicturesDocument(Document):
    """answers.json of a bundle."""

    pictures: Annotated[list[PictureDocument], Field(min_length=1, max_length=1000)]


def parsed(kind: type[_Parsed], text: str, *, what: str, fix: str = "") -> _Parsed:
    """The document in JSON; DataError that begins with `what` and names the field."""
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        raise DataError(f"{what}{_reason(error)}", fix=fix) from error


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = printable(".".join(map(str, first["loc"])))[:_MAX_REASON]
    reason = re.sub(r"\s+", " ", printable(first["msg"])).removeprefix("Value error, ")
    reason = reason[:1].lower() + reason[1:_MAX_REASON]
    return ": " + (f"{field}: {reason}" if field else reason)


def metadata(text: str, *, what: str, fix: str) -> AnyMetadataDocument:
    """The metadata of a file of either schema; DataError as `parsed`."""
    first = parsed(_VersionDocument, text, what=what, fix=fix).schema_version == 1
    kind = FirstMetadataDocument if first else MetadataDocument
    return parsed(kind, text, what=what, fix=fix)


class _VersionDocument(Loose):
    schema_version: Any = 1


def plain(document: BaseModel) -> dict[str, Any]:
    """In JSON's types, but for tuples, as it was written."""
    return document.model_dump(exclude_unset=True)
