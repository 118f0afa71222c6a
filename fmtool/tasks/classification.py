"""One label of several for each sample: a loss of logits, cross-entropy first of all; accuracy."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from fmtool.metric import Metric
from fmtool.representations import PLAIN, HeadHints, Representation
from fmtool.targets import Label, TargetKind
from fmtool.tasks.base import Task
from fmtool.tasks.shared.class_weights import of_samples, resolve
from fmtool.tasks.shared.loss_config import LossConfig, loss

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fmtool.tasks.shared.label_reporting import LabelReporting
    from fmtool.tasks.shared.label_serving import LabelServing

LEARNS: tuple[TargetKind, ...] = ("label",)
NEEDS: Representation = "vector"

_TRAINING = (Metric("loss", "min"), Metric("accuracy", "max"))

_REPORT = (
    Metric("accuracy", "max"),
    Metric("loss", "min"),
    Metric("top_5_accuracy", "max"),
    Metric("precision_macro", "max"),
    Metric("recall_macro", "max"),
    Metric("f1_macro", "max"),
    Metric("precision_macro_all", "max"),
    Metric("recall_macro_all", "max"),
    Metric("f1_macro_all", "max"),
    Metric("precision_weighted", "max"),
    Metric("recall_weighted", "max"),
    Metric("f1_weighted", "max"),
    Metric("balanced_accuracy", "max"),
    Metric("matthews_corrcoef", "max"),
    Metric("cohen_kappa", "max"),
    Metric("roc_auc_macro", "max"),
    Metric("pr_auc_macro", "max"),
    Metric("brier", "min"),
    Metric("expected_calibration_error", "min"),
)
"""`top_5_accuracy` needs more than five classes.

`_macro` is the mean over the classes that have samples in the split, `_macro_all` over all.
"""

TRAINING_METRICS = tuple(metric.name for metric in _TRAINING)
HEADLINE = "accuracy"
REPORT_METRICS = ("loss", "accuracy", *(metric.name for metric in _REPORT[2:]))
"""In the order in which a report shows them."""


class Config(LossConfig):
    name: Literal["classification"]


def training_metrics(cfg: Config) -> tuple[Metric, ...]:
    return _TRAINING


def report_metrics(cfg: Config) -> tuple[Metric, ...]:
    return _REPORT


def class_weights(cfg: Config, labels: "NDArray[Any]", class_names: Sequence[str]) -> Any:
    """The weight of samples by class while training, float32 (classes,), or None for 1.

    Args:
        labels: those that are trained on.
    """
    return resolve(cfg.class_weights, labels, class_names)


def metrics() -> list[Any]:
    """The metrics; of mixed samples, the label with the larger share counts."""
    import keras

    def accuracy(labels: Any, logits: Any) -> Any:
        if len(labels.shape) < 2:
            return keras.metrics.sparse_categorical_accuracy(labels, logits)
        return keras.metrics.categorical_accuracy(labels, logits)

    return [keras.metrics.MeanMetricWrapper(accuracy, name="accuracy")]


class Classification(Task[Label]):
    """Logits (batch, classes) for labels int32 (batch,), or distributions where samples are mixed.

    Args:
        weights: what the samples of each class count while training, float32 (classes,), or None
            for 1.
    """

    MIXES = True

    def __init__(self, cfg: Config, target: Label, weights: "NDArray[Any] | None") -> None:
        super().__init__(target)
        self._cfg, self._weights = cfg, weights

    def head(self, representation: Any, hints: HeadHints = PLAIN) -> Any:
        from fmtool.tasks.shared import heads

        return heads.logits(representation, len(self.target.names), hints)

    def as_weights(self, y: Any) -> Any:
        """One-hot, float32 (batch, classes)."""
        from keras import ops

        return ops.one_hot(y, len(self.target.names), dtype="float32")

    def sample_weights(self, y: Any) -> Any:
        return None if self._weights is None else of_samples(y, self._weights)

    def loss(self, y: Any, outputs: Any) -> Any:
        return loss(self._cfg, len(self.target.names))(y, outputs)

    def metrics(self) -> list[Any]:
        return metrics()


def build(cfg: Config, target: Label, y: "NDArray[Any]") -> Classification:
    """Raises UsageError for weights of other classes than those of `target`."""
    return Classification(cfg, target, class_weights(cfg, y, target.names))


def reporting(cfg: Config, target: Label, kept: Mapping[str, str]) -> "LabelReporting":
    # NumPy is not needed to find a mistake in a config.
    from fmtool.tasks.shared.label_reporting import LabelReporting

    return LabelReporting(target)


def about(cfg: Config, kept: Mapping[str, str]) -> Mapping[str, Any]:
    """Nothing: names of classes are the target's."""
    return {}


def serving(about: Mapping[str, Any], target: Label) -> "LabelServing":
    from fmtool.tasks.shared.label_serving import LabelServing

    return LabelServing(target)
