"""The contract of a task: what it learns, how that is measured, and what its answers mean.

A task file has what `TaskModule` lists. All but `build` can be asked without Keras and without
data: names and directions of metrics come from there and from nowhere else. `build` gives the
`Task` of one data set. Of its methods those above the line are called where Keras is, within the
compiled step; those below it need NumPy alone, so that they run beside any exported file.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from fmtool.config.base import NamedConfig
from fmtool.elements import Sample
from fmtool.metric import Metric
from fmtool.representations import PLAIN, HeadHints, Representation
from fmtool.targets import Target, TargetKind
from fmtool.tasks.shared.reporting import Reporting
from fmtool.tasks.shared.serving import Serving

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class TaskConfig(NamedConfig):
    """Subclassed by the `Config` of each task file."""

    def loss_name(self) -> str:
        """The function that is minimized, in words that are equal where it is the same one.

        Weights of classes are no part of it: they are of training alone.
        """
        keys = self.model_dump(mode="json", exclude={"name", "class_weights"})
        return ", ".join([self.name, *(f"{key}={value}" for key, value in keys.items())])


TargetT = TypeVar("TargetT", bound=Target)


class Task(ABC, Generic[TargetT]):
    """The task on one data set. Raises UsageError where keys and target do not fit.

    Args:
        target: what each sample has.
    """

    MIXES: ClassVar[bool] = False
    """True where mixup and CutMix may blend samples with the targets that `as_weights` gives."""

    def __init__(self, target: TargetT) -> None:
        self.target = target

    # --- where Keras is ---------------------------------------------------------------------

    def batch(self, x: Any, y: Any, uniforms: Any, training: bool) -> tuple[Any, Any, Any]:
        """The parts of a step: the network's input, targets, and weights of samples or None.

        Args:
            x: samples (batch, ...) as they are stored, augmented and mixed while training; of
                records a mapping of arrays.
            y: as `encode` gives them, or as `as_weights` does where samples are mixed.
            uniforms: float32 (batch, draws) in [0, 1); while training others in each epoch, else
                the same for a sample at any time.
        """
        return self.as_input(x), y, self.sample_weights(y) if training else None

    def as_input(self, x: Any) -> Any:
        """The network's input for samples (batch, ...) as they are stored, as `input` says.

        Written in operations of Keras: they are the first part of the saved model, which reads
        samples as they are stored. Of the same samples it gives the same.
        """
        return x

    @abstractmethod
    def head(self, representation: Any, hints: HeadHints = PLAIN) -> Any:
        """The layers after the backbone, applied to its output: a Keras tensor of outputs.

        Args:
            hints: how the model wants the last of them; `heads.logits` does as they say.
        """

    def as_weights(self, y: Any) -> Any:
        """Targets (batch, ...) as float32 that may be averaged where samples are mixed."""
        from keras import ops

        return ops.cast(y, "float32")

    def sample_weights(self, y: Any) -> Any:
        """The weight of each sample in the training loss, (batch,), or None for 1."""
        return None

    @abstractmethod
    def loss(self, y: Any, outputs: Any) -> Any:
        """Loss of each sample, float (batch,)."""

    def present(self, outputs: Any) -> Any:
        """Outputs of the network as the saved model gives them, such as numbers in their unit.

        Loss and metrics see them before, as they are learned; all that loads the model sees these.
        """
        return outputs

    @abstractmethod
    def metrics(self) -> list[Any]:
        """Keras metrics of targets and outputs, beside the loss, in the order of the config's.

        Weights of samples are of the loss alone. What counts unequally in a metric stands in `y`.
        """

    # --- NumPy alone ------------------------------------------------------------------------

    @property
    def draws(self) -> int:
        """Number of uniforms that `batch` uses for a sample."""
        return 0

    def input(self, element: Sample) -> Sample:
        """The element that `as_input` makes of samples that are stored as `element`.

        A task that makes one array of the fields of a record says here which element that is.
        Raises UsageError for samples that it cannot read.
        """
        return element

    def encode(self, y: "Array") -> Any:
        """Targets (n, ...) of the data as they lie on the device, such as float32 of one scale.

        An array, or a mapping of arrays by name, nested as deep as may be. Raises DataError for a
        target that cannot be learned.
        """
        return y

    @property
    def artifacts(self) -> Mapping[str, str]:
        """Files, by name and content, that a run keeps of what was fitted to its rows.

        One is called `layout.TARGETS`, if there is one.
        """
        return {}


class Metrics(Protocol):
    def __call__(self, cfg: Any, /) -> tuple[Metric, ...]:
        """Figures by the task's config alone, never by the data."""


class Build(Protocol):
    def __call__(self, cfg: Any, target: Any, y: "Array", /) -> Task[Any]:
        """The task of a data set.

        Args:
            y: targets of the rows that are trained on, for what is fitted to them.
        """


class About(Protocol):
    def __call__(self, cfg: Any, kept: Mapping[str, str], /) -> Mapping[str, Any]:
        """Facts for `serving` beside the target, in JSON types; they go into every file.

        Args:
            kept: as `reporting` is given it.
        """


class MakeServing(Protocol):
    def __call__(self, about: Mapping[str, Any], target: Any, /) -> Serving[Any]:
        """The meaning of a trained network's outputs. DataError for what `about` never gave."""


class Reports(Protocol):
    def __call__(self, cfg: Any, target: Any, kept: Mapping[str, str], /) -> Reporting[Any]:
        """The measurement of a network's outputs.

        Args:
            kept: what the run keeps, by file name: `Task.artifacts` among it, and what was
                calibrated. Empty before there is a run; then only what needs nothing of it may be
                asked, such as `impossible_metrics`.
        """


@dataclass(frozen=True)
class TaskModule:
    """The contract of a task's file.

    Args:
        LEARNS: kinds of targets that it can learn.
        NEEDS: what it reads of the backbone.
        MOST_CLASSES: how many classes a target may have; None for any number, or none at all.
        training_metrics: what rows of metrics.jsonl hold, `val_` in front for the validation
            split; the loss first.
        report_metrics: figures of the final report, which gates may name; the first is the
            headline.
    """

    Config: type[TaskConfig]
    LEARNS: tuple[TargetKind, ...]
    NEEDS: Representation
    training_metrics: Metrics
    report_metrics: Metrics
    build: Build
    reporting: Reports
    about: About
    serving: MakeServing
    MOST_CLASSES: int | None = None
