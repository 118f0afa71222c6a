"""The metadata in an exported file: what it reads and gives, its task, where it is from."""

import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from fmtool import options, targets
from fmtool.elements import Element, Pixels, SampleKind
from fmtool.errors import DataError
from fmtool.runs import artifacts
from fmtool.runs.layout import RunPaths
from fmtool.targets import Target
from fmtool.tasks.base import TaskConfig
from fmtool.tasks.shared.serving import Output, Serving

KEY = "fmtool"
"""The name of the metadata within a file, where its format has keys."""

FILE = "fmtool.json"
"""The name of the metadata where a format has files within a file."""

_FIX = "give a file that `fmtool export` wrote"

INPUT_NAMES: Mapping[SampleKind, str] = {
    "image": "pixels",
    "text": "tokens",
    "features": "features",
}
EMBEDDING = "embedding"
"""The output of the backbone, which is the same whatever the task."""

_FIRST_TASK = "classification"
"""The one of files of schema 1, which do not name it."""


@dataclass(frozen=True)
class Input:
    """The one input of an exported model.

    Args:
        shape: of a sample; None for a side that may have any length.
        batch: samples that are read at once; None for any number.
        maximum: the largest value of a pixel; None for what are no pixels.
    """

    name: str
    kind: SampleKind
    dtype: str
    shape: tuple[int | None, ...]
    batch: int | None
    maximum: int | None


@dataclass(frozen=True)
class Metadata:
    """In JSON within every file.

    Args:
        task: its name, and what its `about` gave.
        target: what it learned to give, with the names of classes or numbers.
        outputs: by name, in order; each has the samples as its first axis.
        trained_shape: of a sample while training, which `input.shape` may leave open.
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
    outputs: Mapping[str, Output]
    target: Target
    task: Mapping[str, Any] = field(default_factory=lambda: {"name": _FIRST_TASK})
    preprocessing: Mapping[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        """The class names, in the order of the logits; none where numbers are learned."""
        return () if self.target.kind == "numbers" else self.target.names

    @property
    def serving(self) -> Serving[Any]:
        """The meaning of its outputs. UsageError where the task is not known here."""
        return serving_of(self.task, self.target)

    @property
    def dtypes(self) -> dict[str, str]:
        """Types of the outputs by name."""
        return {name: output.dtype for name, output in self.outputs.items()}

    def to_json(self) -> str:
        """Schema 2. Clients of schema 1 find the class names where they were."""
        labels = {"labels": self.labels} if self.labels else {}
        document = {**asdict(self), "target": self.target.to_json(), **labels, "schema_version": 2}
        return json.dumps(document)

    @classmethod
    def from_json(cls, text: str, *, origin: str) -> "Metadata":
        """Raises DataError, with the field, for what fmtool did not write."""
        from fmtool.export import documents

        what = f"{origin} does not say what it reads and gives"
        if not text:
            raise DataError(what, fix=_FIX)
        found = documents.metadata(text, what=what, fix=_FIX)
        fields = documents.plain(found)
        version, labels = fields.pop("schema_version", 1), fields.pop("labels", ())
        reads = Input(**fields.pop("input"))
        if version == 1:
            target: Target = targets.Label(tuple(labels))
            outputs = chosen(serving_of({"name": _FIRST_TASK}, target), fields.pop("outputs"))
            return cls(**fields, input=reads, target=target, outputs=outputs)
        target = targets.from_json(fields.pop("target"))
        outputs = {name: Output(**each) for name, each in fields.pop("outputs").items()}
        return cls(**fields, input=reads, target=target, outputs=outputs)


def task_entry(cfg: TaskConfig, paths: RunPaths) -> dict[str, Any]:
    """`Metadata.task` of a run. DataError where what it kept is missing or damaged."""
    kept = {**artifacts.read(paths), **artifacts.read_calibration(paths)}
    return {"name": cfg.name, **options.task(cfg.name).about(cfg, kept)}


def serving_of(task: Mapping[str, Any], target: Target) -> Serving[Any]:
    """The meaning of outputs, by `Metadata.task`. UsageError for a task that is not known here."""
    about = {key: value for key, value in task.items() if key != "name"}
    return options.task(task["name"]).serving(about, target)


def chosen(serving: Serving[Any], names: Iterable[str]) -> dict[str, Output]:
    """The outputs of a task that are called `names`, in its order, and the embedding."""
    wanted = {*names}
    found = {name: each for name, each in serving.outputs.items() if name in wanted}
    if EMBEDDING in wanted:
        found[EMBEDDING] = Output("float32", "reported", shape=None)
    return found


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
