"""The objectives of a study: metrics of validation and facts of the model, never of the test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from fmtool import options
from fmtool.config.base import Config
from fmtool.errors import UsageError
from fmtool.logging.rows import metrics_of
from fmtool.metric import Metric, by_name, is_loss, of_rows
from fmtool.notices import warn
from fmtool.schema import GateConfig
from fmtool.suggest import did_you_mean
from fmtool.tasks.base import TaskConfig
from fmtool.training import monitor

FACTS = (
    Metric("parameters", "min"),
    Metric("bytes", "min"),
    Metric("latency_ms", "min"),
    Metric("seconds", "min"),
)
"""Known when a trial has ended: of the model, and how long the training took."""

AUTO = "auto"

_FACTS = by_name(FACTS)
_WORDS = {"max": "maximize", "min": "minimize", "maximize": "maximize", "minimize": "minimize"}

Row = Mapping[str, Any]


class Objective(Config):
    direction: Literal["maximize", "minimize"]
    metric: str

    @classmethod
    def of(cls, metric: Metric) -> Self:
        """The objective to make a metric good; UsageError for one that aims at a value."""
        if metric.goal not in ("min", "max"):
            raise UsageError(
                f"objective={metric.name} is good near {metric.goal:g}, neither large nor small",
                fix=f"write 'max {metric.name}' or 'min {metric.name}', or name another metric",
            )
        return cls(direction=_direction(metric.goal), metric=metric.name)

    @property
    def is_of_epochs(self) -> bool:
        return self.metric not in _FACTS

    @property
    def asked(self) -> Metric:
        """The metric in the direction that was asked for, which need not be the task's."""
        return Metric(self.metric, "max" if self.direction == "maximize" else "min")

    def best_row(self, rows: Sequence[Row]) -> Row | None:
        """The epoch with the best value; the first of equals."""
        asked, best = self.asked, None
        for row in rows:
            value = row.get(self.metric)
            if value is not None and (best is None or asked.is_better(value, best[self.metric])):
                best = row
        return best

    def __str__(self) -> str:
        return f"{self.direction.removesuffix('imize')} {self.metric}"


@dataclass(frozen=True)
class Figures:
    """The figures by which a trial can be judged.

    Args:
        training: of the task, as rows have it of the training data.
        headline: of the validation split; None where rows do not have it.
        comparable: what trials with other losses are compared by; None where rows have none.
    """

    training: tuple[Metric, ...]
    headline: Metric | None
    comparable: Metric | None

    @classmethod
    def of(cls, cfg: TaskConfig) -> Self:
        task = options.task(cfg.name)
        training = task.training_metrics(cfg)
        report = task.report_metrics(cfg)
        headline = report[0].of_validation() if report[0] in training else None
        return cls(training, headline, monitor.headline(training, report))

    @property
    def by_name(self) -> dict[str, Metric]:
        """All that an objective or a constraint may name."""
        return {**of_rows(self.training), **_FACTS}

    @property
    def example(self) -> Objective:
        """An objective that every trial of such a task has."""
        return Objective.of(self.headline or self.training[0].of_validation())

    def require(self, metric: str, key: str) -> Metric:
        """The metric of that name; UsageError for one that no trial has."""
        if metric not in self.by_name:
            raise UsageError(
                f"{key}: a trial has no metric '{metric}'", fix=did_you_mean(metric, self.by_name)
            )
        return self.by_name[metric]

    def require_all(self, gate: GateConfig, kind: str) -> None:
        """UsageError for a bound on a metric that no trial has.

        Args:
            kind: the first word of the keys.
        """
        for bound, limits in (("min", gate.min), ("max", gate.max)):
            for metric in limits:
                self.require(metric, f"{kind}.{bound}.{metric}")


def parse(given: str | Sequence[str], figures: Figures) -> list[Objective]:
    """`max val_accuracy`, or a list of such; UsageError for what is none.

    A metric alone goes the way that its task says; `auto` is what every trial of the task has.
    """
    if given == AUTO:
        return [figures.example]
    texts = [given] if isinstance(given, str) else list(given)
    objectives = [_parse(str(text), figures) for text in texts]
    if not objectives or len({each.metric for each in objectives}) < len(objectives):
        raise UsageError(
            f"objective={given}: nothing, or one metric twice", fix=f"write '{figures.example}'"
        )
    return objectives


def comparable(
    objectives: Sequence[Objective], keys: Sequence[str], figures: Figures
) -> list[Objective]:
    """With another figure of the task for a loss that is another function in each trial.

    It is said, and where there is none, that too.

    Args:
        keys: those that are searched.
    """
    changing = [key for key in keys if _changes_loss(key)]
    losses = [each for each in objectives if is_loss(each.metric)]
    if not changing or not losses:
        return list(objectives)
    (loss,) = losses
    reason = (
        f"objective={loss} is another function in each trial, as {', '.join(changing)} "
        f"{'is' if len(changing) == 1 else 'are'} searched"
    )
    if figures.comparable is None:
        warn(f"{reason}, and the task has no other figure of validation")
        return list(objectives)
    headline = Objective.of(figures.comparable)
    found = [each for each in objectives if each not in losses]
    if headline.metric not in [each.metric for each in found]:
        found.insert(0, headline)
    warn(f"{reason}: the study goes by {', '.join(map(str, found))}")
    return found


def shown_metric(objective: str) -> Metric:
    """The metric in `str` of an objective, as documents have it."""
    word, _, name = objective.partition(" ")
    return Metric(name, "max" if word == "max" else "min")


def _changes_loss(key: str) -> bool:
    group, _, rest = key.partition(".")
    return group == "task" and rest.partition(".")[0] != "class_weights"


def _parse(text: str, figures: Figures) -> Objective:
    words = text.split()
    if len(words) not in (1, 2) or (len(words) == 2 and words[0] not in _WORDS):
        raise UsageError(
            f"objective={text} is no objective",
            fix=f"write 'max METRIC' or 'min METRIC', as objective='{figures.example}'",
        )
    metric = figures.require(words[-1], f"objective={text}")
    if metric in figures.training:
        raise UsageError(
            f"objective={text}: a metric of the training data says little of other data",
            fix=f"write '{metric.of_validation().name}'",
        )
    if len(words) == 1:
        return Objective.of(metric)
    return Objective(direction=_direction(words[0]), metric=metric.name)


def _direction(word: str) -> Literal["maximize", "minimize"]:
    return "maximize" if _WORDS[word] == "maximize" else "minimize"


def values_of(
    objectives: Sequence[Objective], rows: Sequence[Row], facts: Mapping[str, float | None]
) -> dict[str, float]:
    """All that is known of a finished trial, at the best epoch of the first objective of epochs.

    Args:
        rows: of the epochs.
        facts: those of `FACTS` that are known.
    """
    leading = next((each for each in objectives if each.is_of_epochs), None)
    row = rows[-1] if leading is None and rows else leading and leading.best_row(rows)
    known = metrics_of(dict(row or {}))
    known |= {name: value for name, value in facts.items() if value is not None}
    return {name: float(value) for name, value in known.items()}


def violations(
    minima: Mapping[str, float], maxima: Mapping[str, float], values: Mapping[str, float]
) -> dict[str, float]:
    """By how much each constraint is missed; 0 or less where it holds.

    A metric that is not there misses its constraint by 1.
    """
    low = {f"min.{name}": bound - values[name] if name in values else 1.0
           for name, bound in minima.items()}  # fmt: skip
    high = {f"max.{name}": values[name] - bound if name in values else 1.0
            for name, bound in maxima.items()}  # fmt: skip
    return low | high
