"""The contract between the training loop and whatever shows or stores its course."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fmtool.elements import SampleKind
from fmtool.metric import Metric

Row = dict[str, Any]
"""One line of metrics.jsonl. Every row has `kind` ("step" or "epoch"), `epoch` (1-based),
`step` (optimizer steps so far), `seconds` (since training began), `learning_rate` and
`samples_per_second` (`images_per_second` in runs of 0.1); then the metrics by their Keras names
(`loss`, `accuracy`, and in epoch rows `val_loss`, `val_accuracy`). Values are Python ints, floats
and strings."""


@dataclass(frozen=True)
class TrainingInfo:
    """Facts that are known before the first step.

    Args:
        step, epochs_done: where training starts; not at 0 where a run goes on. What was recorded
            beyond that does not count any more.
        past: the rows up to there, in order.
    """

    model_name: str
    data_name: str
    kind: SampleKind
    """The kind of the samples."""
    parameters: int
    epochs: int
    steps_per_epoch: int
    batch_size: int
    train_size: int
    validation_size: int
    monitor: Metric
    """Says which epoch is best, such as `val_loss`."""
    backend: str
    device: str
    precision: str
    step: int = 0
    epochs_done: int = 0
    past: Sequence[Row] = ()


class Sink(Protocol):
    """Receives every row once, in order. `close` is called exactly once, on every way out.

    `start` is called again where training goes back to a checkpoint.

    A sink with a true attribute `shows_progress` is also given step rows that are not due for
    the log, several times a second.
    """

    def start(self, plan: TrainingInfo) -> None: ...

    def step(self, row: Row) -> None: ...

    def epoch(self, row: Row) -> None: ...

    def close(self) -> None: ...


class TerminalSink(Sink, Protocol):
    """One for people."""

    def reporting(self) -> None:
        """Training has ended, and its report is made: `close` follows."""
