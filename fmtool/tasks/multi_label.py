"""Any number of several classes for each sample: a yes or no for each, with its own threshold."""

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from fmtool.errors import DataError
from fmtool.metric import Metric
from fmtool.representations import PLAIN, HeadHints, Representation
from fmtool.runs.layout import CALIBRATION
from fmtool.targets import Labels, TargetKind
from fmtool.tasks.base import Task
from fmtool.tasks.shared import thresholds
from fmtool.tasks.shared.class_weights import resolve
from fmtool.tasks.shared.loss_config import LossConfig, loss_of_yes_or_no
from fmtool.tasks.shared.multi_label_reporting import MultiLabelReporting
from fmtool.tasks.shared.multi_label_serving import MultiLabelServing

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEARNS: tuple[TargetKind, ...] = ("labels",)
NEEDS: Representation = "vector"

_TRAINING = (
    Metric("loss", "min"),
    Metric("subset_accuracy", "max"),
    Metric("hamming_loss", "min"),
)

_REPORT = (
    Metric("mean_average_precision", "max"),
    Metric("loss", "min"),
    Metric("f1_macro", "max"),
    Metric("f1_micro", "max"),
    Metric("recall_macro", "max"),
    Metric("recall_micro", "max"),
    Metric("precision_macro", "max"),
    Metric("precision_micro", "max"),
    Metric("subset_accuracy", "max"),
    Metric("hamming_loss", "min"),
    Metric("roc_auc_macro", "max"),
)
"""The first says how well samples are ranked for each class: it needs no thresholds, which are
chosen after the training, and counts rare classes as much as others."""

_FIX = "export the model again"


class Config(LossConfig):
    name: Literal["multi_label"]
    threshold: Literal["fixed", "f1"]
    """The rule by which the threshold of each class is chosen on the validation split."""
    threshold_value: Annotated[float, Field(gt=0, lt=1)]


def training_metrics(cfg: Config) -> tuple[Metric, ...]:
    return _TRAINING


def report_metrics(cfg: Config) -> tuple[Metric, ...]:
    return _REPORT


class MultiLabel(Task[Labels]):
    """Logits (batch, classes) for zeros and ones (batch, classes); of mixed samples for shares.

    Args:
        weights: of a yes for each class in the training loss, float32 (classes,), or None for 1.
    """

    MIXES = True

    def __init__(self, cfg: Config, target: Labels, weights: "NDArray[Any] | None") -> None:
        super().__init__(target)
        self._cfg, self._weights = cfg, weights

    def head(self, representation: Any, hints: HeadHints = PLAIN) -> Any:
        from fmtool.tasks.shared import heads

        return heads.logits(representation, len(self.target.names), hints)

    def batch(self, x: Any, y: Any, uniforms: Any, training: bool) -> tuple[Any, Any, Any]:
        """Beside the labels, what each of them counts: in training a yes by its class."""
        from keras import ops

        y = ops.cast(y, "float32")
        if self._weights is None or not training:
            return x, {"labels": y}, None
        more = ops.convert_to_tensor(self._weights - 1)
        return x, {"labels": y, "weights": 1 + more * y}, None

    def loss(self, y: Any, outputs: Any) -> Any:
        from keras import ops

        each = loss_of_yes_or_no(self._cfg)(y["labels"], outputs)
        return ops.mean(each * y["weights"] if "weights" in y else each, axis=-1)

    def metrics(self) -> list[Any]:
        """At thresholds of 0.5; of mixed samples a class counts with a share of half or more."""
        import keras
        from keras import ops

        def wrong(y: Any, outputs: Any) -> Any:
            return ops.cast(ops.not_equal(y["labels"] >= 0.5, outputs >= 0), "float32")

        def subset_accuracy(y: Any, outputs: Any) -> Any:
            return 1 - ops.max(wrong(y, outputs), axis=-1)

        def hamming_loss(y: Any, outputs: Any) -> Any:
            return ops.mean(wrong(y, outputs), axis=-1)

        functions = subset_accuracy, hamming_loss
        return [keras.metrics.MeanMetricWrapper(each, name=each.__name__) for each in functions]


def build(cfg: Config, target: Labels, y: "NDArray[Any]") -> MultiLabel:
    """Raises UsageError for weights of other classes than those of `target`."""
    if cfg.class_weights == "balanced":
        return MultiLabel(cfg, target, _balanced(y))
    return MultiLabel(cfg, target, resolve(cfg.class_weights, y, target.names))


def _balanced(y: "NDArray[Any]") -> "NDArray[Any]":
    """Samples without a class by those with it, so that yes and no count the same together.

    1 where every sample has the class, or none.
    """
    import numpy as np

    some = y.sum(axis=0, dtype=np.int64)
    others = len(y) - some
    weights = np.divide(others, some, out=np.ones(len(some)), where=(some > 0) & (others > 0))
    return np.asarray(weights, np.float32)


def reporting(cfg: Config, target: Labels, kept: Mapping[str, str]) -> MultiLabelReporting:
    import numpy as np

    rule = "highest F1 of each class on validation" if cfg.threshold == "f1" else "fixed"
    log_odds = [_without_choice(cfg)] * len(target.names)
    if CALIBRATION in kept:
        chosen = json.loads(kept[CALIBRATION])
        rule, log_odds = str(chosen["rule"]), _log_odds(chosen, target)
    chooses = cfg.threshold == "f1"
    return MultiLabelReporting(target, np.asarray(log_odds, np.float64), rule, chooses=chooses)


def about(cfg: Config, kept: Mapping[str, str]) -> Mapping[str, Any]:
    if CALIBRATION not in kept:
        return {"log_odds": _without_choice(cfg)}
    chosen = json.loads(kept[CALIBRATION])
    return {"thresholds": chosen["thresholds"], "log_odds": chosen["log_odds"]}


def serving(about: Mapping[str, Any], target: Labels) -> MultiLabelServing:
    return MultiLabelServing(target, _log_odds(about, target))


def _without_choice(cfg: Config) -> float:
    """Log-odds of every class where nothing was chosen."""
    return thresholds.log_odds(cfg.threshold_value if cfg.threshold == "fixed" else 0.5)


def _log_odds(about: Mapping[str, Any], target: Labels) -> list[float]:
    """One for each class: a list of as many, or one number for all; DataError for anything else."""
    given, count = about.get("log_odds"), len(target.names)
    each = given if isinstance(given, list) else [given] * count
    if len(each) != count:
        raise DataError(f"{len(each)} log_odds of the task for {count} classes", fix=_FIX)
    return [thresholds.number_of({"log_odds": one}, "log_odds", math.isfinite) for one in each]
