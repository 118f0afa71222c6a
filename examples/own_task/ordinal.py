"""One class of several that have an order, such as grades or stars: a near miss is half a hit.

    fmtool train --plugin examples/own_task/ordinal.py -cd examples/own_task/conf \\
        task=ordinal data=digits model=mlp

The order is that of the classes. One logit for each rank but the lowest says whether a sample that
has reached the rank below reaches this one too: Shi, Cao and Raschka 2021, Deep Neural Networks for
Rank-Consistent Ordinal Regression Based on Conditional Probabilities (arXiv:2111.08851).
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from fmtool.errors import DataError, Diverged
from fmtool.metric import Metric
from fmtool.representations import PLAIN, HeadHints, Representation
from fmtool.targets import Label, TargetKind
from fmtool.tasks.base import Task, TaskConfig
from fmtool.tasks.shared.reporting import Report, Reporting
from fmtool.tasks.shared.serving import Answer, Output, PredictOptions, Serving

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

LEARNS: tuple[TargetKind, ...] = ("label",)
NEEDS: Representation = "vector"


class Config(TaskConfig):
    name: Literal["ordinal"]
    threshold: Annotated[float, Field(gt=0, lt=1)]

    def loss_name(self) -> str:
        return "likelihood of ranks"


def training_metrics(cfg: Config) -> tuple[Metric, ...]:
    return (Metric("loss", "min"), Metric("rank_error", "min"))


def report_metrics(cfg: Config) -> tuple[Metric, ...]:
    return (
        Metric("rank_error", "min"),
        Metric("accuracy", "max"),
        Metric("within_one", "max"),
        Metric("quadratic_kappa", "max"),
    )


class Ordinal(Task[Label]):
    """Logits (batch, ranks - 1) for ranks int32 (batch,)."""

    def __init__(self, cfg: Config, target: Label) -> None:
        super().__init__(target)
        self._threshold = cfg.threshold

    def head(self, representation: Any, hints: HeadHints = PLAIN) -> Any:
        from fmtool.tasks.shared import heads

        return heads.logits(representation, len(self.target.names) - 1, hints)

    def loss(self, y: Any, outputs: Any) -> Any:
        """The negative logarithm of the probability of a sample's rank."""
        from keras import ops

        rank = ops.expand_dims(ops.cast(y, "float32"), -1)
        step = np.arange(outputs.shape[-1], dtype=np.float32)
        is_asked = ops.cast(ops.greater_equal(rank, step), "float32")
        is_reached = ops.cast(ops.greater(rank, step), "float32")
        losses = ops.binary_crossentropy(is_reached, outputs, from_logits=True)
        return ops.sum(is_asked * losses, axis=-1)

    def metrics(self) -> list[Any]:
        import keras
        from keras import ops

        def rank_error(y: Any, outputs: Any) -> Any:
            rank = _rank(_in_graph(outputs), self._threshold)
            return ops.abs(ops.cast(rank, "float32") - ops.cast(y, "float32"))

        return [keras.metrics.MeanMetricWrapper(rank_error, name="rank_error")]


def _in_graph(logits: Any) -> Any:
    """Probabilities (batch, ranks - 1) that each rank but the lowest is reached."""
    from keras import ops

    steps = ops.split(ops.sigmoid(logits), logits.shape[-1], axis=-1)
    for place in range(1, len(steps)):
        steps[place] = ops.multiply(steps[place - 1], steps[place])
    return ops.concatenate(steps, axis=-1)


def _rank(reached: Any, threshold: float) -> Any:
    from keras import ops

    return ops.sum(ops.cast(reached > threshold, "int32"), axis=-1)


def _in_numpy(logits: "Array") -> "Array":
    """The same as `_in_graph`."""
    found: Array = np.cumprod(1 / (1 + np.exp(-logits.astype(np.float64))), axis=-1)
    return found


class RankMeter:
    """Takes logits (b, ranks - 1) and ranks (b,)."""

    def __init__(self, ranks: int, threshold: float) -> None:
        self._threshold = threshold
        self._counts = np.zeros((ranks, ranks), np.int64)
        self._not_finite = 0

    def add(self, outputs: "Array", y: "Array") -> None:
        self._not_finite += int(np.sum(~np.isfinite(outputs).all(axis=1)))
        ranks = (_in_numpy(outputs) > self._threshold).sum(axis=-1)
        np.add.at(self._counts, (y, ranks), 1)

    def report(self) -> Report:
        counts = self._counts
        samples = int(counts.sum())
        if not samples:
            raise DataError("the split has no samples to evaluate", fix="choose another split")
        if self._not_finite:
            raise Diverged("logits are NaN or infinite", fix="lower the learning rate")
        true, predicted = np.indices(counts.shape)
        gaps = np.abs(true - predicted)
        by_chance = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / samples
        expected = float(np.sum(gaps**2 * by_chance))
        kappa = None if not expected else 1 - float(np.sum(gaps**2 * counts)) / expected
        why = {"quadratic_kappa": "true and predicted ranks are all the same"}
        return Report(
            samples=samples,
            metrics={
                "rank_error": float(np.sum(gaps * counts)) / samples,
                "accuracy": float(counts.trace()) / samples,
                "within_one": float(counts[gaps <= 1].sum()) / samples,
                "quadratic_kappa": kappa,
            },
            undefined=why if kappa is None else {},
            details={"confusion_matrix": counts.tolist()},
        )


class RankReporting(Reporting[Label]):
    def __init__(self, target: Label, threshold: float) -> None:
        super().__init__(target)
        self._threshold = threshold

    @property
    def output_shape(self) -> tuple[int, ...]:
        return (len(self.target.names) - 1,)

    def meter(self) -> RankMeter:
        return RankMeter(len(self.target.names), self._threshold)


class RankServing(Serving[Label]):
    """The rank of a sample, and the probability that it reaches each rank but the lowest."""

    def __init__(self, target: Label, threshold: float) -> None:
        super().__init__(target)
        self._threshold = threshold

    @property
    def outputs(self) -> Mapping[str, Output]:
        ranks = len(self.target.names)
        return {
            "rank": Output("int32", "equal", below=ranks, noun="ranks"),
            "reached": Output("float32", "close", (ranks - 1,), noun="a probability"),
            "logits": Output("float32", "reported", (ranks - 1,)),
        }

    def serve(self, outputs: Any) -> dict[str, Any]:
        reached = _in_graph(outputs)
        return {"rank": _rank(reached, self._threshold), "reached": reached, "logits": outputs}

    def reference(self, outputs: "Array") -> dict[str, "Array"]:
        reached = _in_numpy(outputs)
        rank = (reached > self._threshold).sum(axis=-1)
        return {"rank": rank, "reached": reached, "logits": outputs}

    def network_outputs(self, served: Mapping[str, "Array"]) -> "Array":
        return served["logits"]

    def columns(self, options: PredictOptions) -> Sequence[str]:
        return ("rank", *(f"probability of {name} or more" for name in self.target.names[1:]))

    def headings(self, options: PredictOptions) -> Sequence[str]:
        return ("rank",)

    def decode(self, served: Mapping[str, "Array"], options: PredictOptions) -> Sequence[Answer]:
        names, columns = self.target.names, self.columns(options)
        answers = []
        for rank, reached in zip(served["rank"].tolist(), served["reached"].tolist(), strict=True):
            cells = [names[rank], *reached]
            document = dict(zip(columns, cells, strict=True))
            answers.append(Answer(cells, document, shown=(names[rank],), counted=(names[rank],)))
        return answers

    @property
    def counted(self) -> Sequence[str]:
        return self.target.names


def build(cfg: Config, target: Label, y: "Array") -> Ordinal:
    return Ordinal(cfg, target)


def reporting(cfg: Config, target: Label, kept: Mapping[str, str]) -> RankReporting:
    return RankReporting(target, cfg.threshold)


def about(cfg: Config, kept: Mapping[str, str]) -> Mapping[str, Any]:
    return {"threshold": cfg.threshold}


def serving(about: Mapping[str, Any], target: Label) -> RankServing:
    return RankServing(target, about["threshold"])
