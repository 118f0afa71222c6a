"""The one report of a task on the outputs of a network, and the ways in which it is shown.

All of it needs NumPy alone and none of the rows that were trained on. What it depends on is the
task's config, the target, and what the run keeps.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from fmtool.errors import DataError, Diverged
from fmtool.targets import Target

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from fmtool.terminal import Table

    Array = NDArray[Any]


@dataclass(frozen=True)
class Sheet:
    """Samples that are worth a look, such as the surest mistakes.

    Args:
        rows: which of the samples that were added, in the order in which they are shown.
        captions: of as many.
    """

    title: str
    rows: Sequence[int]
    captions: Sequence[str]


@dataclass(frozen=True)
class Report:
    """The figures of a model on some samples; all that is printed, gated or drawn is read from it.

    Args:
        metrics: those of `report_metrics`, in the order in which they are shown; None for one
            that nothing defines.
        undefined: why, by the name of the metric.
        details: what is not a single figure, such as rows by class, in JSON types.
        brief: those of the details that result.json has too.
        sheets: by the stem of the file that shows one.
        unprinted: what else the figures of a task are made of, of a size that does not grow with
            the samples.
    """

    samples: int
    metrics: Mapping[str, float | None]
    undefined: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    brief: Sequence[str] = ()
    sheets: Mapping[str, Sheet] = field(default_factory=dict)
    unprinted: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As `fmtool evaluate --json` and evaluation files have it."""
        return {
            "samples": self.samples,
            **self.metrics,
            **self.details,
            "undefined": dict(self.undefined),
        }


def require_measurable(samples: int, *, not_finite: int, what: str) -> None:
    """Raises DataError for no samples, Diverged where some have outputs that are NaN or infinite.

    Args:
        not_finite: the number of samples with such outputs.
        what: the outputs, for the message.
    """
    if not samples:
        raise DataError("the split has no samples to evaluate", fix="choose another split")
    if not_finite:
        raise Diverged(
            f"the {what} of {not_finite} of {samples} samples are NaN or infinite",
            fix="train again with a lower learning rate",
        )


class Meter(Protocol):
    """Sums up what a model says of samples, batch by batch, in memory that does not grow with the
    width of its outputs."""

    def add(self, outputs: "Array", y: "Array") -> None:
        """Takes the network's outputs (batch, ...) for samples whose targets are `y`."""

    def report(self) -> Report:
        """The report on all samples added; DataError for none, Diverged for NaN or infinity."""


TargetT = TypeVar("TargetT", bound=Target)


class Reporting(ABC, Generic[TargetT]):
    """The measure of one network's outputs. Made by `reporting` of a task file.

    Args:
        target: what each sample has.
    """

    AVERAGES_VIEWS: ClassVar[bool] = False
    """True where outputs for several views of an image may be averaged, as `tta` does."""

    CALIBRATES: ClassVar[bool] = False
    """True where `calibrate` chooses something once the network is trained."""

    def __init__(self, target: TargetT) -> None:
        self.target = target

    @property
    @abstractmethod
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the network's output for one sample, without the batch axis."""

    def described(self, output_shape: tuple[int, ...]) -> str:
        """The target of a network that gives such outputs, for a message."""
        return f"outputs of shape {output_shape}"

    def impossible_metrics(self) -> Mapping[str, str]:
        """Those of `report_metrics` that are never defined for this target, with the reason."""
        return {}

    @abstractmethod
    def meter(self) -> Meter:
        """An empty meter of outputs for this target."""

    def calibrate(self, outputs: "Array | None", y: "Array | None") -> str:
        """The choices made by the validation split, such as thresholds, as the text of a JSON file.

        It is called where `CALIBRATES`, and what it gives is among what the run keeps from then
        on. What to do without is said to the user here.

        Args:
            outputs: float32 (n, ...) of validation samples; None where there are none.
        """
        return "{}"

    # --- how a report is shown --------------------------------------------------------------

    def listed(self, report: Report) -> Sequence[str]:
        """The metrics that the table of an evaluation shows, in order."""
        return list(report.metrics)

    def summed_up(self, report: Report) -> Sequence[str]:
        """The metrics that the end of a training shows, in order."""
        return list(report.metrics)[:2]

    def tables(self, report: Report) -> "Sequence[Table]":
        """Tables that are printed below the metrics of an evaluation."""
        return ()

    def notes(self, report: Report) -> Sequence[str]:
        """Lines below the tables: what has to be known to read them."""
        return ()

    def figures(self, report: Report) -> "Mapping[str, Figure]":
        """Plots by the stem of their file; sheets of samples are drawn from the report itself."""
        return {}

    # --- what a figure is to be compared with -----------------------------------------------

    def constant_answers(self, report: Report) -> Mapping[str, tuple[str, float]]:
        """The best that one answer for all samples reaches, by metric: the answer and the figure.

        Only of metrics for which that says something, such as accuracy.
        """
        return {}

    def on_validation(
        self, seen: Mapping[str, float], chosen: Mapping[str, str]
    ) -> Mapping[str, float]:
        """Figures of the validation split that those of the same name on another one compare with.

        Args:
            seen: at the best epoch, while training.
            chosen: what `calibrate` gave, by file name; empty where nothing was.
        """
        return seen

    def deviation(self, name: str, value: float, report: Report) -> float | None:
        """The standard deviation of what one sample adds to a figure that is a mean of samples.

        None for any other figure.

        Args:
            value: of the figure, over the samples of `report` and others like them.
        """
        return None

    # --- a file of all samples --------------------------------------------------------------

    @property
    def compared_columns(self) -> Sequence[str]:
        """Headings of what `compared` gives, for a table."""
        return ("truth", "output")

    def compared(self, outputs: "Array", y: "Array") -> Iterator[Mapping[str, Any]]:
        """For each sample its truth and what the outputs say, in JSON types.

        A mapping among the values has as many columns as it has keys; the names in a list share one
        cell.
        """
        for truth, output in zip(y.tolist(), outputs.tolist(), strict=True):
            yield {"truth": truth, "output": output}
