"""The meaning of a network's outputs to users of the model: names, types, answers, comparison.

All but `serve` needs NumPy alone, so that it runs beside any exported file. What it depends on
goes into the file: the target, and `about`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

from fmtool.elements import SampleKind
from fmtool.notices import counted
from fmtool.targets import Target

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Comparison = Literal["equal", "close", "relative", "reported"]


@dataclass(frozen=True)
class Output:
    """One of the arrays that an exported file gives for a batch of samples.

    Args:
        compare: `equal` where a file has to give the very values of the network, as for labels;
            `close` where the difference has a limit, `relative` where that limit is a share of
            the values' standard deviation; `reported` where it is measured and has no limit.
        shape: what one sample has; None where the network decides.
        below: every value is in [0, below); None for any value.
        noun: for messages: `labels` that agree, or `a probability` that differs.
    """

    dtype: str
    compare: Comparison
    shape: tuple[int, ...] | None = ()
    below: int | None = None
    noun: str = ""


@dataclass(frozen=True)
class PredictOptions:
    """The options of `fmtool predict` that only some tasks understand, with their neutral values.

    Args:
        top: how many of the likeliest classes are given.
        probabilities: whether those of all classes are.
    """

    top: int = 1
    probabilities: bool = False


@dataclass(frozen=True)
class Answer:
    """The answer of a model for one sample, in each form in which it is written.

    Args:
        cells: one for each of `Serving.columns`.
        document: entries of a JSON object, in JSON types.
        shown: cells for people, of the first of `Serving.headings`.
        counted: what the summary counts.
    """

    cells: Sequence[Any]
    document: Mapping[str, Any]
    shown: Sequence[str]
    counted: Sequence[str] = ()


@dataclass(frozen=True)
class CardTable:
    """A section of a model card, as plain text.

    Args:
        numbers: how many of the last columns hold numbers.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: int = 0


@dataclass(frozen=True)
class Hub:
    """The words of hubs of models for a task.

    Args:
        tag: of their own list.
        words: what it means.
        metrics: those of the report that a hub lists.
    """

    tag: str
    words: str
    metrics: Sequence[str] = ()


TargetT = TypeVar("TargetT", bound=Target)


class Serving(ABC, Generic[TargetT]):
    """The meaning of one network's outputs. Made by `serving` of a task file.

    Args:
        target: what each sample has.
    """

    OPTIONS: ClassVar[tuple[str, ...]] = ()
    """Fields of `PredictOptions` that it understands."""

    LOSS_OF_SCORE: ClassVar[Literal["absolute", "relative"]] = "relative"
    """The measure of a fall of the headline: figures between 0 and 1 as they are, others as a
    share of what the run's network reaches."""

    def __init__(self, target: TargetT) -> None:
        self.target = target

    @property
    @abstractmethod
    def outputs(self) -> Mapping[str, Output]:
        """The outputs of `serve`, in order."""

    @property
    def always(self) -> tuple[str, ...]:
        """Outputs that every file gives, whatever was asked for: `decode` needs them."""
        return tuple(self.outputs)

    # --- where Keras is ---------------------------------------------------------------------

    @abstractmethod
    def serve(self, outputs: Any) -> dict[str, Any]:
        """The outputs of an exported file, by the names in `outputs`, made of the network's."""

    # --- NumPy alone ------------------------------------------------------------------------

    @abstractmethod
    def reference(self, outputs: "Array") -> dict[str, "Array"]:
        """The same as `serve`, computed another way, to compare files with."""

    @abstractmethod
    def network_outputs(self, served: Mapping[str, "Array"]) -> "Array":
        """The outputs of the network, as far as those of a file tell, for the task's meter."""

    def untold(self, names: Sequence[str]) -> Sequence[str]:
        """Figures of a report that the outputs called `names` do not tell."""
        return ()

    def score(self, served: Mapping[str, "Array"], y: "Array") -> dict[str, float] | None:
        """The figures of the given outputs for targets `y`, the headline first.

        None where that is the headline as the meter has it.
        """
        return None

    def require_possible(
        self, names: Sequence[str], options: PredictOptions, *, origin: str
    ) -> None:
        """Raises UsageError for options that cannot be had of the outputs called `names`.

        Args:
            origin: the model, for messages.
        """

    @abstractmethod
    def columns(self, options: PredictOptions) -> Sequence[str]:
        """The names of an answer's cells."""

    def headings(self, options: PredictOptions) -> Sequence[str]:
        """The columns of a table for people, behind that of the input."""
        return self.columns(options)

    @abstractmethod
    def decode(self, served: Mapping[str, "Array"], options: PredictOptions) -> Sequence[Answer]:
        """An answer for each sample, of what a file gave for it."""

    @property
    def counted(self) -> Sequence[str]:
        """Everything that `Answer.counted` can hold, in the order of the summary."""
        return ()

    # --- the model card, as plain text ------------------------------------------------------

    def hub(self, kind: SampleKind) -> Hub:
        """The task for samples of a kind."""
        return Hub("other", f"{self.target.described()} for each sample")

    @property
    def purpose(self) -> str:
        """The thing learned for samples: `..., each as one of 10 classes`."""
        return f"each for {self.target.described()}"

    def card_tables(self, figures: Mapping[str, Any]) -> Mapping[str, CardTable]:
        """Sections by title, from a report in JSON types."""
        return {}

    def card_limits(self, figures: Mapping[str, Any]) -> Iterator[str]:
        """Sentences on what follows from a report in JSON types."""
        yield f"It was measured on {counted(figures['samples'], 'sample')}."
