"""The making of exported files, each in its own process, and their check in their own runtime."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.errors import DataError, ExportFailed
from fmtool.export import files, formats, other_sizes, parity
from fmtool.export.child import Child
from fmtool.export.measured import Measured
from fmtool.export.metadata import Metadata
from fmtool.export.parity import Limits, Scores
from fmtool.export.plan import Target
from fmtool.runs.atomic import reporting
from fmtool.schema import ExportOptions

LABELS = "labels.txt"
REFERENCE_PICTURES = "reference_pictures"
"""The folder of what the run's network gives for pictures of other sizes, resized by Pillow."""
_RAW, _AT_SIZE = "pictures_raw", "pictures_at_size"
_BATCH = 256


@dataclass(frozen=True)
class ExportJob:
    """All that the files of one export have in common.

    Args:
        drafts: a folder beside the files, on the same disk.
        model: model.keras of the run.
        samples: a .npy file of what the files are tried on.
        measured: what their outputs are worth.
        calibration: the same to calibrate on; None where nothing is.
        runtime: fields of a RuntimeConfig with the run's backend, in float32 on the CPU.
        kept: files by name that each file has beside it, such as a tokenizer.
        pictures: files of other sizes than the trained one, for those that read any; else empty.
    """

    options: ExportOptions
    drafts: Path
    model: Path
    samples: Path
    measured: Measured
    calibration: Path | None
    runtime: Mapping[str, Any]
    kept: Mapping[str, str]
    plugins: list[str]
    pictures: Sequence[Path]

    def reference(self, metadata: Metadata) -> dict[str, Any]:
        """Runs the network of the run itself; gives its score on the samples."""
        folder = self.drafts / "reference"
        job = {**self._job(metadata), "folder": str(folder), "batch_size": _BATCH}
        with self.child("reference") as child:
            child.ask(job)
            if self.pictures:
                resized = self.pictures[0].parent / other_sizes.RESIZED
                pictures = str(self.drafts / REFERENCE_PICTURES)
                child.ask({**job, "samples": str(resized), "folder": pictures})
        return self.measured.score(folder, metadata)

    def make(
        self, target: Target, metadata: Metadata, reference: Mapping[str, Any], converter: Child
    ) -> dict[str, Any]:
        """The row of export.json for a file, which is in `self.drafts / target.name`.

        Args:
            reference: the score of the run's network.
            converter: for the task `convert`, on the backend of the format.

        Raises ExportFailed if it could not be made, does not run, or does not match; UsageError
        for what a library is known not to do.
        """
        folder = self.drafts / target.name
        path = folder / formats.module(target.format).FILE
        self._write(target, metadata, path, converter)
        found = self.drafts / f"{target.name}_outputs"
        run = self._run(metadata, path, found)
        compared = parity.compare(metadata.outputs, self.drafts / "reference", found)
        score = self.measured.score(found, metadata)
        self._require_match(target, metadata, compared, self._scores(metadata, score, reference))
        if self.pictures:
            compared["pictures"] = self._compare_pictures(target, metadata)
        files.remove(found)
        reads = metadata.input
        return {
            "name": target.name,
            "format": target.format,
            "quantization": target.quantization,
            "path": f"{target.name}/{path.name}",
            **files.describe(folder),
            "input": {
                "name": reads.name,
                "dtype": reads.dtype,
                "shape": [reads.batch, *reads.shape],
            },
            "outputs": metadata.dtypes,
            "parity": compared,
            "score": score,
            **run,
        }

    def _write(self, target: Target, metadata: Metadata, path: Path, converter: Child) -> None:
        """The file, and beside it the class names, if any, and what the run kept."""
        path.parent.mkdir()
        converter.ask(
            {
                **self._job(metadata),
                "format": target.format,
                "path": str(path),
                "calibration": None if self.calibration is None else str(self.calibration),
                "opset": self.options.opset,
                "simplify": self.options.simplify,
            }
        )
        labels = "".join(f"{label}\n" for label in metadata.labels)
        names = {LABELS: labels} if labels else {}
        with reporting(path.parent):
            for name, text in {**self.kept, **names}.items():
                (path.parent / name).write_text(text, encoding="utf-8")

    def _run(self, metadata: Metadata, path: Path, found: Path) -> dict[str, Any]:
        """Writes what the file gives into the folder `found`; gives times and peak memory."""
        job = {
            **self._job(metadata),
            "path": str(path),
            "folder": str(found),
            "threads": self.runtime["threads"],
            "batch_size": metadata.input.batch or _BATCH,
            "pictures": None,
        }
        if self.pictures:
            job["pictures"] = {
                "paths": list(map(str, self.pictures)),
                "resized": str(self.pictures[0].parent / other_sizes.RESIZED),
                "folder": str(self.drafts / _RAW),
                "folder_resized": str(self.drafts / _AT_SIZE),
            }
        try:
            return self._ask("runtime_check", job)
        except DataError as error:
            raise ExportFailed(error.message, fix=error.fix) from error

    def _compare_pictures(self, target: Target, metadata: Metadata) -> dict[str, Any]:
        """Compares a file on pictures as they are with the network on the same ones resized.

        What a quantization costs was measured on the samples: such a file is judged by what it
        gives itself for the pictures that Pillow resized.

        Raises ExportFailed where that differs by more than the limits.
        """
        raw, at_size = self.drafts / _RAW, self.drafts / _AT_SIZE
        compared = parity.compare(metadata.outputs, self.drafts / REFERENCE_PICTURES, raw)
        judged = compared
        if target.quantization != "none":
            judged = parity.compare(metadata.outputs, at_size, raw)
        limits = self._limits(target.quantization, metadata)
        objection = parity.objection(judged, limits, named=metadata.outputs, scores=None)
        for folder in (raw, at_size):
            files.remove(folder)
        if objection is not None:
            raise ExportFailed(
                f"{target.name} does not match the model for pictures of other sizes: {objection}",
                fix="it was not kept; leave export.any_size out, or if that is good enough, set "
                "export.tolerance or export.agreement",
            )
        return compared

    def child(self, task: str) -> Child:
        return Child(task, log=self.drafts / f"{task}.log", plugins=self.plugins)

    def _ask(self, task: str, job: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of a process that does nothing else."""
        with self.child(task) as child:
            return child.ask(job)

    def _job(self, metadata: Metadata) -> dict[str, Any]:
        return {
            "model": str(self.model),
            "samples": str(self.samples),
            "metadata": metadata.to_json(),
            "runtime": dict(self.runtime),
        }

    def _scores(
        self,
        metadata: Metadata,
        score: Mapping[str, float | None],
        reference: Mapping[str, float | None],
    ) -> Scores:
        headline = self.measured.headline
        is_relative = metadata.serving.LOSS_OF_SCORE == "relative"
        return Scores(headline, score[headline.name], reference[headline.name], is_relative)

    def _require_match(
        self, target: Target, metadata: Metadata, compared: Mapping[str, Any], scores: Scores
    ) -> None:
        limits = self._limits(target.quantization, metadata)
        objection = parity.objection(compared, limits, named=metadata.outputs, scores=scores)
        if objection is not None:
            raise ExportFailed(
                f"{target.name} does not match the model: {objection}",
                fix="it was not kept; if that is good enough, set export.tolerance, "
                "export.agreement or export.score_loss",
            )

    def _limits(self, quantization: str, metadata: Metadata) -> Limits:
        is_relative = metadata.serving.LOSS_OF_SCORE == "relative"
        by_quantization = parity.LIMITS_OF_NUMBERS if is_relative else parity.LIMITS
        own, options = by_quantization[quantization], self.options
        return Limits(
            tolerance=own.tolerance if options.tolerance is None else options.tolerance,
            agreement=own.agreement if options.agreement is None else options.agreement,
            score_loss=own.score_loss if options.score_loss is None else options.score_loss,
        )
