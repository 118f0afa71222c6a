"""Numbers for each sample: squared, absolute or Huber's error, counts, or several quantiles."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from fmtool.config.base import PositiveFloat
from fmtool.metric import Metric
from fmtool.notices import note
from fmtool.representations import PLAIN, HeadHints, Representation
from fmtool.runs.layout import CALIBRATION, TARGETS
from fmtool.targets import Numbers, TargetKind
from fmtool.tasks.base import Task, TaskConfig
from fmtool.tasks.shared import number_intervals, number_scales
from fmtool.tasks.shared.number_reporting import NumberReporting
from fmtool.tasks.shared.number_scales import Scale, Transform
from fmtool.tasks.shared.number_serving import NumberServing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

LEARNS: tuple[TargetKind, ...] = ("numbers",)
NEEDS: Representation = "vector"

_Share = Annotated[float, Field(gt=0, lt=1)]
_TRAINING = (Metric("loss", "min"), Metric("mae", "min"))


class Config(TaskConfig):
    name: Literal["regression"]
    loss: Literal["mse", "mae", "huber", "poisson", "quantile"]
    huber_delta: PositiveFloat
    quantiles: list[_Share]
    transform: Literal["auto", "none", "standardize", "log", "log1p"]
    interval: _Share

    @model_validator(mode="after")
    def _require_parts_that_fit(self) -> "Config":
        if self.loss == "poisson" and self.transform not in ("auto", "none"):
            raise ValueError(
                f"task.transform={self.transform}: counts are learned by the logarithm of their "
                "rate; leave out task.transform="
            )
        if sorted(set(self.quantiles)) != self.quantiles or 0.5 not in self.quantiles:
            raise ValueError(
                f"task.quantiles={self.quantiles}: give them from low to high, 0.5 among them"
            )
        return self

    @property
    def scale(self) -> Transform:
        """The change of the numbers before they are learned; `auto` resolved."""
        if self.transform != "auto":
            return self.transform
        return "mean" if self.loss == "poisson" else "standardize"

    def loss_name(self) -> str:
        own = {"huber": f", delta={self.huber_delta:g}", "quantile": f" of {self.quantiles}"}
        return f"{self.loss}{own.get(self.loss, '')} of numbers, transform={self.scale}"


def training_metrics(cfg: Config) -> tuple[Metric, ...]:
    """`mae` is in the unit of the data, `loss` of the scale that is learned."""
    return _TRAINING


def report_metrics(cfg: Config) -> tuple[Metric, ...]:
    own = {
        "quantile": (Metric("pinball", "min"),),
        "poisson": (Metric("poisson_deviance", "min"),),
    }
    return (
        Metric("mae", "min"),
        Metric("rmse", "min"),
        Metric("r2", "max"),
        Metric("mape", "min"),
        Metric("median_absolute_error", "min"),
        Metric("max_error", "min"),
        Metric("bias", 0.0),
        *own.get(cfg.loss, ()),
        Metric("coverage", cfg.interval),
        Metric("interval_width", "min"),
    )


class Regression(Task[Numbers]):
    """Outputs (batch, *target.shape), with an axis of quantiles behind where these are learned.

    Args:
        scale: fitted to the rows that are trained on.
    """

    MIXES = True

    def __init__(self, cfg: Config, target: Numbers, scale: Scale) -> None:
        super().__init__(target)
        self._cfg, self._scale = cfg, scale
        self._quantiles = tuple(cfg.quantiles) if cfg.loss == "quantile" else ()

    def head(self, representation: Any, hints: HeadHints = PLAIN) -> Any:
        from fmtool.tasks.shared import number_heads

        shape, quantiles = self.target.shape, self._quantiles
        return number_heads.numbers(representation, shape, quantiles, hints)

    def loss(self, y: Any, outputs: Any) -> Any:
        """The mean over the numbers of a sample, and over quantiles."""
        from fmtool.tasks.shared import number_losses

        cfg = self._cfg
        return {
            "mse": number_losses.squared,
            "mae": number_losses.absolute,
            "huber": number_losses.huber(cfg.huber_delta),
            "poisson": number_losses.poisson,
            "quantile": number_losses.pinball(self._quantiles),
        }[cfg.loss](y, outputs)

    def present(self, outputs: Any) -> Any:
        """Numbers in the unit of the data, float32."""
        from keras import ops

        if self._cfg.loss == "poisson":
            outputs = ops.exp(outputs)
        return self._scale.undone(outputs, behind=len(self._quantiles) > 0)

    def metrics(self) -> list[Any]:
        import keras
        from keras import ops

        def mae(y: Any, outputs: Any) -> Any:
            if self._quantiles:
                outputs = ops.take(outputs, self._quantiles.index(0.5), axis=-1)
            if self._cfg.loss == "poisson":
                outputs = ops.exp(outputs)
            gaps = self._scale.gaps(ops.cast(y, outputs.dtype), outputs)
            return ops.mean(gaps, axis=tuple(range(1, len(gaps.shape))))

        return [keras.metrics.MeanMetricWrapper(mae, name="mae")]

    def encode(self, y: "Array") -> "Array":
        """float32 (n, *target.shape), computed in float64."""
        return self._scale.done(y, self.target.names)

    @property
    def artifacts(self) -> Mapping[str, str]:
        return {TARGETS: self._scale.to_text()}


def build(cfg: Config, target: Numbers, y: "Array") -> Regression:
    """Raises DataError for numbers that the transform cannot take."""
    if cfg.loss == "poisson":
        number_scales.require_counts(y, target.names)
    scale = number_scales.fitted(cfg.scale, y, target.names)
    if cfg.scale in ("log", "log1p") and cfg.loss != "quantile":
        note(f"task.transform={cfg.scale}: what is predicted are medians, not means")
    return Regression(cfg, target, scale)


def about(cfg: Config, kept: Mapping[str, str]) -> Mapping[str, Any]:
    """The quantiles that outputs are of, and how far the interval reaches around them."""
    return {
        "quantiles": cfg.quantiles if cfg.loss == "quantile" else [],
        **number_intervals.from_text(kept.get(CALIBRATION), cfg.scale, cfg.interval).to_json(),
    }


def reporting(cfg: Config, target: Numbers, kept: Mapping[str, str]) -> NumberReporting:
    found = number_intervals.from_text(kept.get(CALIBRATION), cfg.scale, cfg.interval)
    metrics = [metric.name for metric in report_metrics(cfg)]
    quantiles = cfg.quantiles if cfg.loss == "quantile" else ()
    return NumberReporting(target, metrics, quantiles, found)


def serving(about: Mapping[str, Any], target: Numbers) -> NumberServing:
    intervals = number_intervals.from_json(about)
    return NumberServing(target, tuple(about["quantiles"]), intervals)
