"""Facts on a run and its model when files are made of it, for the model card."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.data.base import SetInfo
from fmtool.data.fetching import catalog
from fmtool.data.splitting.loading import Data
from fmtool.elements import described
from fmtool.export.measured import Measured
from fmtool.export.metadata import Metadata
from fmtool.runs.layout import RunPaths
from fmtool.runs.result import RunResult, read_result
from fmtool.runs.strict_json import read_object
from fmtool.safety import model_weights
from fmtool.safety.model_file import WEIGHTS


@dataclass(frozen=True)
class RunFacts:
    """The facts of one run; its paths are not among them.

    Args:
        manifest: as written, which leaves private paths out.
        result: None where the run has none.
        info: None for a set of the user's own.
        samples: what they are.
        sizes: how many of them are in a split, as the run used them.
        stored_numbers: in model.keras.
        headline: the first of the task's figures.
        listed: those that a report has, in its order.
        figures: of the run's network in float32, on the held-out samples of the export, as the
            task's report has them. What the outputs of the files do not tell is absent.
    """

    metadata: Metadata
    manifest: Mapping[str, Any]
    result: RunResult | None
    info: SetInfo | None
    samples: str
    sizes: Mapping[str, int]
    stored_numbers: int
    headline: str
    listed: Sequence[str]
    figures: Mapping[str, Any]

    @property
    def config(self) -> Mapping[str, Any]:
        """The resolved configuration."""
        found: Mapping[str, Any] = self.manifest.get("config", {})
        return found

    def option(self, group: str, key: str = "name") -> Any:
        """A value of the configuration; None where an older run has no such key."""
        values = self.config.get(group)
        return values.get(key) if isinstance(values, Mapping) else None


def gather(
    paths: RunPaths,
    data: Data,
    metadata: Metadata,
    measured: Measured,
    reference: Path,
) -> RunFacts:
    """Reads what the run has written.

    Args:
        reference: the folder of what the run's network gave for the held-out samples.
        measured: what knows their targets.
    """
    validation, report = data.validation, measured.report(reference, metadata)
    untold = metadata.serving.untold(list(metadata.outputs))
    return RunFacts(
        metadata=metadata,
        manifest=read_object(paths.manifest),
        result=read_result(paths.result) if paths.result.is_file() else None,
        info=catalog.info(name) if (name := data.splits.name) in catalog.names() else None,
        samples=described(data.splits.element),
        sizes={
            "training": len(data.selection.train),
            "validation": 0 if validation is None else len(validation[1]),
            "test": len(data.splits.test),
        },
        stored_numbers=_stored_numbers(paths.model),
        headline=measured.headline.name,
        listed=list(report.metrics),
        figures={name: each for name, each in report.to_json().items() if name not in untold},
    )


def _stored_numbers(model: Path) -> int:
    with zipfile.ZipFile(model) as archive:
        weights = io.BytesIO(archive.read(WEIGHTS))
    return model_weights.check(weights, origin=str(model))
