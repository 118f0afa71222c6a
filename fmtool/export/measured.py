"""Scores of the outputs of files on the held-out samples, by the meter of the run's task."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fmtool.errors import Diverged
from fmtool.export import outputs
from fmtool.export.metadata import Metadata
from fmtool.metric import Metric
from fmtool.tasks.shared.reporting import Report, Reporting

_ROWS = 4096


@dataclass(frozen=True)
class Measured:
    """The held-out samples of an export, as far as a score needs them.

    Args:
        truth: their targets.
        reporting: how the run's task measures.
        headline: the figure that files are scored by.
    """

    truth: NDArray[Any]
    reporting: Reporting[Any]
    headline: Metric

    def report(self, folder: Path, metadata: Metadata) -> Report:
        """The report on the outputs in a folder of `outputs.Writer`."""
        served = {name: outputs.read(folder, name) for name in metadata.outputs}
        meter, serving = self.reporting.meter(), metadata.serving
        for first in range(0, len(self.truth), _ROWS):
            rows = slice(first, first + _ROWS)
            part = {name: values[rows] for name, values in served.items()}
            meter.add(serving.network_outputs(part), self.truth[rows])
        return meter.report()

    def score(self, folder: Path, metadata: Metadata) -> dict[str, float | None]:
        """The headline first; None where nothing defines it, or outputs are NaN or infinite."""
        served = {name: outputs.read(folder, name) for name in metadata.outputs}
        own = metadata.serving.score(served, self.truth)
        if own is not None:
            return {**own}
        try:
            return {self.headline.name: self.report(folder, metadata).metrics[self.headline.name]}
        except Diverged:
            return {self.headline.name: None}
