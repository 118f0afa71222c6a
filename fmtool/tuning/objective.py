"""What a study is after: metrics of the validation split and facts of the model, never the test."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from fmtool.config.base import Config
from fmtool.errors import UsageError
from fmtool.metric import is_loss
from fmtool.notices import warn
from fmtool.suggest import did_you_mean
from fmtool.tasks import classification

FACTS = ("parameters", "bytes", "latency_ms", "seconds")
"""Known when a trial has ended: of the model, and how long the training took."""

_WORDS = {"max": "maximize", "min": "minimize", "maximize": "maximize", "minimize": "minimize"}

Row = Mapping[str, Any]


class Objective(Config):
    direction: Literal["maximize", "minimize"]
    metric: str

    @property
    def is_of_epochs(self) -> bool:
        return self.metric not in FACTS

    def is_better(self, value: float, than: float) -> bool:
        return value > than if self.direction == "maximize" else value < than

    def best_row(self, rows: Sequence[Row]) -> Row | None:
        """The epoch with the best value; the first of equals."""
        best: Row | None = None
        for row in rows:
            value = row.get(self.metric)
            if value is not None and (best is None or self.is_better(value, best[self.metric])):
                best = row
        return best

    def __str__(self) -> str:
        return f"{self.direction.removesuffix('imize')} {self.metric}"


def metrics() -> list[str]:
    """Every name that an objective or a constraint may have."""
    return [*classification.TRAINING_METRICS, *_validation(), *FACTS]


def _validation() -> list[str]:
    return [f"val_{name}" for name in classification.TRAINING_METRICS]


def parse(given: str | Sequence[str]) -> list[Objective]:
    """`max val_accuracy`, or a list of such; UsageError for what is none.

    A metric alone is to be large where it is an accuracy, and small else.
    """
    texts = [given] if isinstance(given, str) else list(given)
    objectives = [_parse(str(text)) for text in texts]
    if not objectives or len({each.metric for each in objectives}) < len(objectives):
        raise UsageError(
            f"objective={given}: nothing, or one metric twice", fix="write 'max val_accuracy'"
        )
    return objectives


def comparable(objectives: Sequence[Objective], keys: Sequence[str]) -> list[Objective]:
    """With the task's headline for a loss that is another function in each trial, which is said.

    Args:
        keys: those that are searched.
    """
    changing = [key for key in keys if _changes_loss(key)]
    if not changing or not any(is_loss(each.metric) for each in objectives):
        return list(objectives)
    headline = Objective(direction="maximize", metric=f"val_{classification.HEADLINE}")
    found = [each for each in objectives if not is_loss(each.metric)]
    if headline.metric not in [each.metric for each in found]:
        found.insert(0, headline)
    (loss,) = (each for each in objectives if is_loss(each.metric))
    warn(
        f"objective={loss} is another function in each trial, as {', '.join(changing)} "
        f"{'is' if len(changing) == 1 else 'are'} searched: the study goes by "
        f"{', '.join(map(str, found))}"
    )
    return found


def _changes_loss(key: str) -> bool:
    group, _, rest = key.partition(".")
    return group == "task" and rest.partition(".")[0] != "class_weights"


def _parse(text: str) -> Objective:
    words = text.split()
    if len(words) == 1:
        words = ["max" if "accuracy" in text else "min", text]
    if len(words) != 2 or words[0] not in _WORDS:
        raise UsageError(
            f"objective={text} is no objective",
            fix="write 'max METRIC' or 'min METRIC', as objective='max val_accuracy'",
        )
    check_metric(words[1], f"objective={text}")
    if words[1] in classification.TRAINING_METRICS:
        raise UsageError(
            f"objective={text}: a metric of the training data says little of other data",
            fix=f"write 'val_{words[1]}'",
        )
    return Objective(direction=_direction(words[0]), metric=words[1])


def _direction(word: str) -> Literal["maximize", "minimize"]:
    return "maximize" if _WORDS[word] == "maximize" else "minimize"


def check_metric(metric: str, key: str) -> None:
    """UsageError for a metric that no trial has."""
    if metric not in metrics():
        raise UsageError(
            f"{key}: a trial has no metric '{metric}'", fix=did_you_mean(metric, metrics())
        )


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
    known = {name: row[name] for name in metrics() if row and row.get(name) is not None}
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
