"""result.json: how a run ended, for programs that never read a log."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from fmtool import errors
from fmtool.errors import DataError, ExitCode
from fmtool.metric import Goal
from fmtool.runs.strict_json import finite, read_object

SCHEMA_VERSION = 1

EARLIER_HEADLINE = ("accuracy", "loss")
"""The figures in tables of runs that do not say, all of which were of classifiers."""

COMPLETED = "completed"
INTERRUPTED = "interrupted"
FAILED = "failed"
DIVERGED = "diverged"
GATE_NOT_MET = "gate_not_met"
PRUNED = "pruned"

_STATUS = {
    ExitCode.SUCCESS: COMPLETED,
    ExitCode.GATE_NOT_MET: GATE_NOT_MET,
    ExitCode.DIVERGED: DIVERGED,
    124: INTERRUPTED,  # own time limit
    129: INTERRUPTED,  # SIGHUP
    130: INTERRUPTED,  # SIGINT
    141: INTERRUPTED,  # SIGPIPE
    143: INTERRUPTED,  # SIGTERM
}


def status_of(exit_code: int) -> str:
    return _STATUS.get(exit_code, FAILED)


@dataclass(frozen=True)
class RunError:
    """The error that ended a run early; `details` are for programs."""

    type: str
    message: str
    hint: str
    details: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, error: BaseException) -> Self:
        return cls(**errors.to_json(error))


@dataclass(frozen=True)
class Best:
    """The epoch (1-based) that `monitor` says is best."""

    epoch: int
    step: int
    monitor: str
    value: float | None
    loss: str | None = None
    """The function that is minimized, as its task names it; None where that was not kept."""
    headline: Mapping[str, float] = field(default_factory=dict)
    """The task's first metric on the validation split at that epoch, by its name."""
    goals: Mapping[str, Goal] = field(default_factory=dict)
    """Directions in which `monitor` and the headline are better: `min`, `max` or a value."""


@dataclass(frozen=True)
class Gate:
    """One quality gate: `wanted` reads like `>= 0.7`.

    Args:
        got: None where the figure is undefined, which no gate is met by.
        why: there is nothing to compare; empty where there is.
    """

    metric: str
    wanted: str
    got: float | None
    met: bool
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        row = asdict(self)
        if not self.why:
            del row["why"]
        return row


@dataclass(frozen=True)
class RunResult:
    """The end of one run.

    Args:
        run: the id of the run, which is the name of its directory.
        metrics: the scalars of the final report on the test split; None where undefined or not
            finite.
        undefined: why a metric is None, by name.
        headline: names of the metrics that tables have room for, the first before all; those that
            every run of an earlier release had, where it does not say.
        brief: what else the task says of the test split, in JSON types, such as classes without
            samples.
        is_of_0_1_0: whether it is of fmtool 0.1.0, whose `_macro` averages are over all classes.
        steps: optimizer steps made, those before a resume included.
        seconds: wall-clock time of the run, without the pauses before it was resumed.
        model: numbers of the saved model: `parameters`, `bytes`, and `latency_ms` if it was asked.
        artifacts: hex SHA-256, by file name, of what the task chose once the model was trained.
        is_pruned: whether who started it ended it before its last epoch, as a study does.
    """

    run: str
    exit_code: int
    epochs: int
    steps: int
    seconds: float
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    undefined: Mapping[str, str] = field(default_factory=dict)
    headline: tuple[str, ...] = ()
    brief: Mapping[str, Any] = field(default_factory=dict)
    is_of_0_1_0: bool = False
    best: Best | None = None
    error: RunError | None = None
    gates: tuple[Gate, ...] = ()
    model: Mapping[str, float | None] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    is_pruned: bool = False

    @property
    def status(self) -> str:
        return PRUNED if self.is_pruned else status_of(self.exit_code)

    def to_json(self) -> dict[str, Any]:
        """Finite throughout; `non_finite` names the values that were not."""
        document = {"schema_version": SCHEMA_VERSION, "status": self.status, **asdict(self)}
        for only_here in ("is_pruned", "is_of_0_1_0", "brief"):
            del document[only_here]
        if self.is_of_0_1_0:
            del document["undefined"]
        if not self.artifacts:
            del document["artifacts"]
        document = {**self.brief, **document}
        document["gates"] = [row.to_json() for row in self.gates]
        if not self.gates:
            del document["gates"]
        if self.error is not None and self.error.details is None:
            del document["error"]["details"]
        if self.best is not None and not self.best.goals:
            del document["best"]["goals"]
        plain, lost = finite(document)
        return {**plain, "non_finite": lost}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Raises DataError for a document that `to_json` of this version would not make."""
        if document.get("schema_version") != SCHEMA_VERSION:
            raise DataError(
                f"result has schema_version {document.get('schema_version')!r}, not "
                f"{SCHEMA_VERSION}",
                fix="read it with the version of fmtool that wrote it",
            )
        try:
            return cls(
                run=str(document["run"]),
                exit_code=int(document["exit_code"]),
                epochs=int(document["epochs"]),
                steps=int(document["steps"]),
                seconds=float(document["seconds"]),
                metrics=_metrics(document),
                undefined={str(k): str(v) for k, v in document.get("undefined", {}).items()},
                headline=headline_of(document),
                brief={key: document[key] for key in document if key not in _OWN_KEYS},
                is_of_0_1_0=_is_of_0_1_0(document),
                best=_best(document["best"]),
                error=_error(document["error"]),
                gates=tuple(_gate(row) for row in document.get("gates", ())),
                model={name: _number(value) for name, value in document.get("model", {}).items()},
                artifacts={str(k): str(v) for k, v in document.get("artifacts", {}).items()},
                is_pruned=document.get("status") == PRUNED,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DataError(f"result is incomplete or malformed: {error!r}") from error


_OWN_KEYS = {"schema_version", "status", "non_finite", *(each.name for each in fields(RunResult))}


def headline_of(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The entry `headline` of a result, of whatever release."""
    names = document.get("headline", EARLIER_HEADLINE)
    return tuple(map(str, names))


def _metrics(document: Mapping[str, Any]) -> dict[str, float | None]:
    metrics = {name: _number(value) for name, value in document["metrics"].items()}
    if _is_of_0_1_0(document):
        of_all = {f"{name}_all": at for name, at in metrics.items() if name.endswith("_macro")}
        return metrics | of_all
    return metrics


def _is_of_0_1_0(document: Mapping[str, Any]) -> bool:
    return "undefined" not in document and "absent_classes" not in document


def _number(value: Any) -> float | None:
    return value if value is None or isinstance(value, int) else float(value)


def _best(row: Any) -> Best | None:
    if row is None:
        return None
    loss, headline = row.get("loss"), row.get("headline") or {}
    return Best(
        int(row["epoch"]),
        int(row["step"]),
        str(row["monitor"]),
        _number(row["value"]),
        loss=None if loss is None else str(loss),
        headline={str(name): float(value) for name, value in headline.items()},
        goals=dict(row.get("goals") or {}),
    )


def _error(row: Any) -> RunError | None:
    if row is None:
        return None
    details = row.get("details")
    return RunError(str(row["type"]), str(row["message"]), str(row["hint"]), details)


def _gate(row: Any) -> Gate:
    got, why = _number(row["got"]), str(row.get("why", ""))
    return Gate(str(row["metric"]), str(row["wanted"]), got, bool(row["met"]), why)


def read_result(path: Path) -> RunResult:
    """Raises DataError, naming `path`, where it holds no result."""
    document = read_object(path)
    try:
        return RunResult.from_json(document)
    except DataError as error:
        raise DataError(f"{path}: {error.message}", fix=error.fix) from error
