"""One of two classes: one logit, a threshold chosen by a stated rule, and what depends on it."""

import json
import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from fmtool.class_names import written
from fmtool.config.base import Fraction, NonNegativeFloat, PositiveFloat
from fmtool.errors import DataError, UsageError
from fmtool.metric import Metric
from fmtool.representations import PLAIN, HeadHints, Representation
from fmtool.runs.layout import CALIBRATION
from fmtool.suggest import did_you_mean
from fmtool.targets import Label, TargetKind
from fmtool.tasks.base import Task
from fmtool.tasks.shared import thresholds
from fmtool.tasks.shared.binary_meter import Question
from fmtool.tasks.shared.binary_reporting import BinaryReporting, Rule
from fmtool.tasks.shared.binary_serving import BinaryServing
from fmtool.tasks.shared.class_weights import resolve
from fmtool.tasks.shared.loss_config import LossConfig, loss_of_yes_or_no

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEARNS: tuple[TargetKind, ...] = ("label",)
NEEDS: Representation = "vector"
MOST_CLASSES = 2

_TRAINING = (Metric("loss", "min"), Metric("accuracy", "max"))

_REPORT = (
    Metric("roc_auc", "max"),
    Metric("loss", "min"),
    Metric("pr_auc", "max"),
    Metric("accuracy", "max"),
    Metric("balanced_accuracy", "max"),
    Metric("precision", "max"),
    Metric("recall", "max"),
    Metric("specificity", "max"),
    Metric("f1", "max"),
    Metric("f_beta", "max"),
    Metric("matthews_corrcoef", "max"),
    Metric("brier", "min"),
    Metric("cost", "min"),
    Metric("expected_calibration_error", "min"),
)
"""The first says how well samples are ranked: it needs no threshold, and is not high by itself
where one class is rare, as the accuracy is."""


def _name(value: Any) -> Any:
    """A class that is called by a number is meant by one."""
    return str(value) if type(value) is int else value


class Config(LossConfig):
    name: Literal["binary"]
    positive: Annotated[str | None, BeforeValidator(_name)]
    """The class whose probability is given; None for the last one."""
    threshold: Literal["fixed", "f_beta", "cost", "false_positive_rate", "recall"]
    """The rule by which the threshold is chosen on the validation split."""
    threshold_value: Annotated[float, Field(gt=0, lt=1)]
    beta: PositiveFloat
    cost_false_negative: NonNegativeFloat
    cost_false_positive: NonNegativeFloat
    rate: Fraction

    @model_validator(mode="after")
    def _costs_something(self) -> Self:
        if not self.cost_false_negative + self.cost_false_positive:
            raise ValueError(
                "no mistake costs anything; give more than 0 for cost_false_negative or "
                "cost_false_positive"
            )
        return self

    @property
    def rule(self) -> Rule:
        """The rule with its numbers, as reports name it."""
        negative, positive = self.cost_false_negative, self.cost_false_positive
        on, rate = "on validation", f"{self.rate:g}"
        if self.threshold == "f_beta":
            words = f"highest F-beta {on}, beta {self.beta:g}"
            return Rule(words, partial(thresholds.best_f_beta, beta=self.beta))
        if self.threshold == "cost":
            costs = f"{negative:g} for a false negative, {positive:g} for a false positive"
            cheapest = partial(
                thresholds.cheapest, false_negative=negative, false_positive=positive
            )
            return Rule(f"least cost {on}, {costs}", cheapest)
        if self.threshold == "false_positive_rate":
            words = f"highest recall {on} with a false positive rate of at most {rate}"
            return Rule(words, partial(thresholds.at_false_positive_rate, rate=self.rate))
        if self.threshold == "recall":
            words = f"highest threshold {on} with a recall of at least {rate}"
            return Rule(words, partial(thresholds.at_recall, rate=self.rate))
        return Rule("fixed", None)


def training_metrics(cfg: Config) -> tuple[Metric, ...]:
    return _TRAINING


def report_metrics(cfg: Config) -> tuple[Metric, ...]:
    return _REPORT


class Binary(Task[Label]):
    """Logits (batch, 1) for targets float32 (batch,): 1 for the positive class, 0 for the other.

    Args:
        positive: its place among the classes.
        weights: what samples of the other and of the positive class count while training, or None.
    """

    MIXES = True

    def __init__(
        self, cfg: Config, target: Label, positive: int, weights: tuple[float, float] | None
    ) -> None:
        super().__init__(target)
        self._cfg, self._positive, self._weights = cfg, positive, weights

    def head(self, representation: Any, hints: HeadHints = PLAIN) -> Any:
        from fmtool.tasks.shared import heads

        return heads.logits(representation, 1, hints)

    def encode(self, y: "NDArray[Any]") -> "NDArray[Any]":
        """float32 (n,)."""
        import numpy as np

        return np.asarray(y == self._positive, np.float32)

    def sample_weights(self, y: Any) -> Any:
        if self._weights is None:
            return None
        negative, positive = self._weights
        return negative + (positive - negative) * y

    def loss(self, y: Any, outputs: Any) -> Any:
        return loss_of_yes_or_no(self._cfg)(y, outputs[:, 0])

    def metrics(self) -> list[Any]:
        """At a threshold of 0.5; of mixed samples the label with the larger share counts."""
        import keras
        from keras import ops

        def accuracy(y: Any, outputs: Any) -> Any:
            return ops.cast(ops.equal(y >= 0.5, outputs[:, 0] >= 0), "float32")

        return [keras.metrics.MeanMetricWrapper(accuracy, name="accuracy")]


def build(cfg: Config, target: Label, y: "NDArray[Any]") -> Binary:
    """Raises UsageError for a class, or weights of classes, that `target` has not."""
    positive, weights = _place(cfg, target), resolve(cfg.class_weights, y, target.names)
    both = None if weights is None else (float(weights[1 - positive]), float(weights[positive]))
    return Binary(cfg, target, positive, both)


def reporting(cfg: Config, target: Label, kept: Mapping[str, str]) -> BinaryReporting:
    rule, chosen = cfg.rule, _chosen(cfg, kept)
    question = Question(
        names=target.names,
        positive=_place(cfg, target),
        log_odds=thresholds.number_of(chosen, "log_odds", math.isfinite),
        rule=str(chosen["rule"]),
        beta=cfg.beta,
        cost_false_negative=cfg.cost_false_negative,
        cost_false_positive=cfg.cost_false_positive,
    )
    return BinaryReporting(target, question, rule)


def about(cfg: Config, kept: Mapping[str, str]) -> Mapping[str, Any]:
    log_odds = thresholds.number_of(_chosen(cfg, kept), "log_odds", math.isfinite)
    threshold = thresholds.probability(log_odds)
    return {"positive": cfg.positive, "threshold": threshold, "log_odds": log_odds}


def serving(about: Mapping[str, Any], target: Label) -> BinaryServing:
    positive, names = about.get("positive"), target.names
    if len(names) != 2 or positive not in (None, *names):
        raise DataError(
            f"positive of the task is {positive!r}, of the classes {', '.join(names)}",
            fix="export the model again",
        )
    place = 1 if positive is None else names.index(positive)
    return BinaryServing(target, place, thresholds.number_of(about, "log_odds", math.isfinite))


def _place(cfg: Config, target: Label) -> int:
    """The place of the positive class; UsageError where there is none of that name."""
    if cfg.positive is None:
        return len(target.names) - 1
    name = written(cfg.positive)
    if name not in target.names:
        raise UsageError(
            f"task.positive: there is no class '{name}'", fix=did_you_mean(name, target.names)
        )
    return target.names.index(name)


def _chosen(cfg: Config, kept: Mapping[str, str]) -> Mapping[str, Any]:
    """The threshold in task.json; before there is one, the value that is given."""
    if CALIBRATION in kept:
        found: Mapping[str, Any] = json.loads(kept[CALIBRATION])
        return found
    value = cfg.threshold_value if cfg.threshold == "fixed" else 0.5
    return {"rule": cfg.rule.words, "log_odds": thresholds.log_odds(value)}
