"""What is known of a run and of its model when files are made of it, for the model card."""

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.base import SetInfo
from fmtool.data.fetching import catalog
from fmtool.data.splitting.loading import Data
from fmtool.elements import described
from fmtool.export import outputs
from fmtool.export.metadata import Metadata
from fmtool.runs.layout import RunPaths
from fmtool.runs.result import RunResult, read_result
from fmtool.runs.strict_json import read_object
from fmtool.safety import model_weights
from fmtool.safety.model_file import WEIGHTS
from fmtool.targets import Label
from fmtool.tasks.shared.label_reporting import LabelReporting

_SMALLEST = np.finfo(np.float32).tiny
_OF_PROBABILITIES = (
    "loss",
    "top_5_accuracy",
    "roc_auc_macro",
    "pr_auc_macro",
    "brier",
    "expected_calibration_error",
)


@dataclass(frozen=True)
class RunFacts:
    """Of one run; its paths are not among them.

    Args:
        manifest: as written, which leaves private paths out.
        result: None where the run has none.
        info: None for a set of the user's own.
        samples: what they are.
        sizes: how many of them are in a split, as the run used them.
        stored_numbers: in model.keras.
        figures: of the run's network in float32, on the held-out samples of the export; see
            `ClassMeter`. What needs probabilities is absent where none were asked for.
    """

    metadata: Metadata
    manifest: Mapping[str, Any]
    result: RunResult | None
    info: SetInfo | None
    samples: str
    sizes: Mapping[str, int]
    stored_numbers: int
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
    *,
    reference: Path,
    truth: NDArray[np.int32],
) -> RunFacts:
    """Reads what the run has written.

    Args:
        reference: the folder of what the run's network gave for the held-out samples.
        truth: their labels.
    """
    validation = data.validation
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
        figures=_figures(reference, truth, metadata),
    )


def _stored_numbers(model: Path) -> int:
    with zipfile.ZipFile(model) as archive:
        weights = io.BytesIO(archive.read(WEIGHTS))
    return model_weights.check(weights, origin=str(model))


def _figures(reference: Path, truth: NDArray[np.int32], metadata: Metadata) -> dict[str, Any]:
    names, count = metadata.outputs, len(metadata.labels)
    if "logits" in names:
        logits = outputs.read(reference, "logits")
    elif "probabilities" in names:
        logits = np.log(np.maximum(outputs.read(reference, "probabilities"), _SMALLEST))
    else:
        logits = np.eye(count, dtype=np.float32)[outputs.read(reference, "label")]
    meter = LabelReporting(Label(tuple(metadata.labels))).meter()
    meter.add(logits, truth)
    report = meter.report().to_json()
    if {"logits", "probabilities"} & set(names):
        return report
    return {name: value for name, value in report.items() if name not in _OF_PROBABILITIES}
