"""Predictions for samples, each by its name, or why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from fmtool.errors import DataError, UsageError
from fmtool.export.metadata import Metadata
from fmtool.tasks.shared.serving import Answer, PredictOptions


@dataclass(frozen=True)
class Prediction:
    """The prediction for one sample.

    Args:
        said: None where nothing could be predicted; `error` says why.
    """

    name: str
    said: Answer | None = None
    error: DataError | None = None

    @property
    def document(self) -> dict[str, Any]:
        """In JSON types."""
        rest: Mapping[str, Any] = {"error": str(self.error)}
        return {"input": self.name, **(rest if self.said is None else self.said.document)}


def require_possible(metadata: Metadata, options: PredictOptions, *, origin: str) -> None:
    """UsageError for options that the task does not understand, or this model cannot follow."""
    serving = metadata.serving
    for field in fields(options):
        value = getattr(options, field.name)
        if field.name not in serving.OPTIONS and value != field.default:
            raise UsageError(
                f"{field.name}={str(value).lower()}: {origin} gives no probabilities of classes",
                fix=f"leave out {field.name}=",
            )
    serving.require_possible(list(metadata.outputs), options, origin=origin)
