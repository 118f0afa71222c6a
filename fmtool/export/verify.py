"""`fmtool verify`: whether a bundle is whole, and whether its files still give the same answers."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fmtool.errors import DataError, ExitCode, ExportFailed, Refused, UsageError
from fmtool.export import bundle, bundle_file, check_pictures, check_samples, outputs, parity
from fmtool.export.bundle_file import Bundle
from fmtool.export.child import Child
from fmtool.export.metadata import Metadata
from fmtool.runs.atomic import reporting
from fmtool.schema import RuntimeConfig
from fmtool.signals import SignalGuard

_MODULES: Mapping[str, str] = {
    "keras": "keras",
    "saved_model": "tensorflow",
    "onnx": "onnxruntime",
    "litert": "ai_edge_litert",
    "openvino": "openvino",
    "torch": "torch",
}
"""The module that must be importable to run a file of a format."""

_SAMPLES = "samples.npy"

SLACK: Mapping[str, float] = {"none": 1e-3, "float16": 2e-2, "dynamic": 5e-2, "int8": 5e-2}
"""The factor by which a value may differ more on another machine than at the export."""


@dataclass(frozen=True)
class Answer:
    """The outputs of a file of a bundle.

    Args:
        status: `not run` where its runtime is not installed.
        detail: what is wrong; empty for a file that matches.
        agreeing: samples with the label of the run's network; None where it gives none.
        difference: the largest one of a probability, or of a number in standard deviations.
    """

    path: str
    status: Literal["matches", "differs", "not run"]
    detail: str = ""
    agreeing: int | None = None
    difference: float | None = None


@dataclass(frozen=True)
class Verification:
    """The findings on a bundle.

    Args:
        members: files of the archive.
        problems: what is missing, changed or too much, a line each.
        answers: of each model; empty where none was to be run.
    """

    bundle: Path
    members: int
    samples: int
    problems: tuple[str, ...]
    answers: tuple[Answer, ...]

    @property
    def exit_code(self) -> int:
        if self.problems:
            return int(ExitCode.BAD_DATA)
        is_other = any(answer.status == "differs" for answer in self.answers)
        return int(ExitCode.EXPORT_FAILED if is_other else ExitCode.SUCCESS)

    def to_json(self) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "status": "failed" if self.exit_code else "completed",
            "exit_code": self.exit_code,
            "bundle": str(self.bundle),
            "members": self.members,
            "samples": self.samples,
            "problems": list(self.problems),
            "answers": [asdict(answer) for answer in self.answers],
        }


def verify(path: Path, runtime: RuntimeConfig, *, runs: bool) -> Verification:
    """Looks at every byte of a bundle; `runs` also each model whose runtime is installed.

    Args:
        runtime: of Keras, and how many threads there are for the others.

    Raises:
        DataError: it is no bundle at all.
        Refused: it is none that anyone should unpack.
        UsageError: it has no samples to run.
    """
    with SignalGuard(), bundle_file.opened(path) as found:
        lines = bundle_file.problems(found)
        answers: list[Answer] = []
        samples = 0
        if runs and not lines:
            if bundle.SAMPLES not in found.names:
                raise UsageError(
                    f"run=true: {path} has no {bundle.SAMPLES}",
                    fix="leave run= out, or export it again with export.bundle_samples=16",
                )
            samples, answers = _run_all(found, runtime)
        return Verification(path, len(found.names), samples, tuple(lines), tuple(answers))


def _run_all(found: Bundle, runtime: RuntimeConfig) -> tuple[int, list[Answer]]:
    """The number of samples, and the answer of each model."""
    with tempfile.TemporaryDirectory(prefix="fmtool-verify-") as name:
        folder = Path(name)
        with reporting(folder):
            found.extract(bundle.SAMPLES, folder)
            expected = check_samples.unpack(folder / bundle.SAMPLES)
            np.save(folder / _SAMPLES, expected[check_samples.SAMPLES])
            found.extract(f"{bundle.PICTURES}/", folder)
            pictures = bundle_file.pictures_of(found)
            answers = [
                _run(found, row, expected, pictures, folder, runtime) for row in _rows(found)
            ]
    return len(expected[check_samples.SAMPLES]) + len(pictures), answers


def _rows(found: Bundle) -> list[dict[str, Any]]:
    report = bundle_file.report_of(found)
    labels = found.text(bundle.LABELS) if bundle.LABELS in found.names else ""
    digest = report.get("manifest_digest")
    facts = {"labels": labels, "manifest_digest": digest}
    return [{**row, **facts} for row in report["files"]]


def _run(
    found: Bundle,
    row: Mapping[str, Any],
    expected: Mapping[str, NDArray[Any]],
    pictures: Sequence[Mapping[str, Any]],
    folder: Path,
    runtime: RuntimeConfig,
) -> Answer:
    path, module = str(row["path"]), _MODULES[row["format"]]
    if find_spec(module) is None:
        return Answer(path, "not run", f"{module} is not installed")
    # Neither the disk that a model takes nor what it gave is there when the next one is run.
    with tempfile.TemporaryDirectory(dir=folder) as place:
        unpacked, given = Path(place, "bundle"), Path(place, "outputs")
        found.extract(f"{row['name']}/", unpacked)
        job = {
            "path": str(unpacked / path),
            "samples": str(folder / _SAMPLES),
            "folder": str(given),
            "pictures": [str(folder / bundle.PICTURES / each["file"]) for each in pictures],
            "runtime": runtime.model_dump(),
        }
        try:
            with Child("recheck", log=Path(place, "recheck.log"), plugins=[]) as child:
                told = child.ask(job)
            metadata = Metadata.from_json(told["metadata"], origin=path)
            return _judged(row, metadata, expected, pictures, given)
        except Refused:
            raise
        except (DataError, ExportFailed, UsageError) as error:
            return Answer(path, "differs", error.message)


def _judged(
    row: Mapping[str, Any],
    metadata: Metadata,
    expected: Mapping[str, NDArray[Any]],
    pictures: Sequence[Mapping[str, Any]],
    given: Path,
) -> Answer:
    """By what the file says of itself, then by what it gave."""
    path = str(row["path"])
    is_the_same = metadata.manifest_digest == row["manifest_digest"]
    if not is_the_same or "".join(f"{label}\n" for label in metadata.labels) != row["labels"]:
        return Answer(path, "differs", "it says that it is of another run, or has other labels")
    try:
        answer = _compared(row, metadata.outputs, row["parity"], expected, given)
        if answer.status == "differs" or not pictures:
            return answer
        others = check_pictures.expected(pictures)
        bound = row["parity"]["pictures"]
        found = given / bundle.PICTURES
        return _both(answer, _compared(row, metadata.outputs, bound, others, found))
    # Sums may be in order and all the same the parts not go together.
    except (KeyError, TypeError, ValueError, FileNotFoundError):
        detail = f"its outputs are none that {bundle.REPORT} and {bundle.SAMPLES} know"
        return Answer(path, "differs", detail)


def _both(samples: Answer, pictures: Answer) -> Answer:
    """One answer of the two, the second of which is about pictures of other sizes."""
    gaps = [each.difference for each in (samples, pictures) if each.difference is not None]
    counts = [each.agreeing for each in (samples, pictures) if each.agreeing is not None]
    return Answer(
        samples.path,
        pictures.status,
        pictures.detail and f"pictures of other sizes: {pictures.detail}",
        sum(counts) if counts else None,
        max(gaps, default=None),
    )


def _compared(
    row: Mapping[str, Any],
    named: parity.Outputs,
    at_export: Mapping[str, Any],
    expected: Mapping[str, NDArray[Any]],
    given: Path,
) -> Answer:
    """A comparison within bounds by what was measured on all held-out samples."""
    path, difference = str(row["path"]), None
    compared = {name: named[name] for name in expected if name != check_samples.SAMPLES}
    equal = [
        (expected[name], outputs.read(given, name))
        for name, output in compared.items()
        if output.compare == "equal"
    ]
    agreeing = parity.agreeing_samples(equal) if equal else None
    for name, output in compared.items():
        if output.compare == "equal":
            continue
        bound, is_relative = at_export["differences"][name], output.compare == "relative"
        gaps = parity.gaps_of(expected[name], outputs.read(given, name))
        if is_relative:
            gaps = gaps.reshape(len(gaps), -1) / np.array(bound["deviations"])
        largest = float(gaps.max())
        most = bound["relative" if is_relative else "max"] + SLACK[row["quantization"]]
        difference = max(largest, difference or 0.0)
        if not largest <= most:
            detail = parity.differs(output, name, largest, most, form=".2g")
            return Answer(path, "differs", detail, agreeing, difference)
    if agreeing is not None:
        count = len(equal[0][0])
        most_other = at_export["samples"] - at_export["agreeing"]
        if count - agreeing > most_other + (row["quantization"] != "none"):
            detail = f"{agreeing} of {count} {parity.equal_noun(named)} agree"
            return Answer(path, "differs", detail, agreeing, difference)
    return Answer(path, "matches", "", agreeing, difference)
