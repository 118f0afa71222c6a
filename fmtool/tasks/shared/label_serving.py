"""One label of several: probabilities, logits and the label itself, of logits (batch, classes)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fmtool.elements import SampleKind
from fmtool.errors import UsageError
from fmtool.targets import Label
from fmtool.tasks.shared import label_card
from fmtool.tasks.shared.serving import (
    Answer,
    CardTable,
    Hub,
    Output,
    PredictOptions,
    Serving,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_SMALLEST = np.finfo(np.float32).tiny
_OF_PROBABILITIES = (
    "loss",
    "top_5_accuracy",
    "roc_auc_macro",
    "pr_auc_macro",
    "brier",
    "expected_calibration_error",
)


class LabelServing(Serving[Label]):
    OPTIONS = ("top", "probabilities")
    LOSS_OF_SCORE = "absolute"

    @property
    def outputs(self) -> Mapping[str, Output]:
        classes = len(self.target.names)
        return {
            "probabilities": Output("float32", "close", (classes,), noun="a probability"),
            "logits": Output("float32", "reported", (classes,)),
            "label": Output("int32", "equal", (), below=classes, noun="labels"),
        }

    @property
    def always(self) -> tuple[str, ...]:
        return ("label",)

    def serve(self, outputs: Any) -> dict[str, Any]:
        from keras import ops

        return {
            "probabilities": ops.softmax(outputs, axis=-1),
            "logits": outputs,
            "label": _first_largest(outputs),
        }

    def reference(self, outputs: "Array") -> dict[str, "Array"]:
        scaled = np.exp(outputs - outputs.max(axis=1, keepdims=True), dtype=np.float64)
        probabilities = scaled / scaled.sum(axis=1, keepdims=True)
        return {
            "logits": outputs,
            "probabilities": probabilities,
            "label": outputs.argmax(axis=1),
        }

    def network_outputs(self, served: Mapping[str, "Array"]) -> "Array":
        """Logits up to a constant; without probabilities the label alone is likely."""
        if "logits" in served:
            return served["logits"]
        if "probabilities" in served:
            return np.asarray(np.log(np.maximum(served["probabilities"], _SMALLEST)))
        return np.eye(len(self.target.names), dtype=np.float32)[served["label"]]

    def untold(self, names: Sequence[str]) -> Sequence[str]:
        return () if {"logits", "probabilities"} & {*names} else _OF_PROBABILITIES

    def score(self, served: Mapping[str, "Array"], y: "Array") -> dict[str, float]:
        """Accuracy, and mean cross-entropy in nats where there are probabilities."""
        scores = {"accuracy": float(np.mean(served["label"] == y))}
        if "probabilities" in served:
            probabilities = served["probabilities"][np.arange(len(y)), y]
            logarithms = np.log(np.maximum(probabilities, _SMALLEST))
            scores["loss"] = abs(float(np.mean(logarithms, dtype=np.float64)))
        return scores

    def require_possible(
        self, names: Sequence[str], options: PredictOptions, *, origin: str
    ) -> None:
        classes = len(self.target.names)
        if options.top > classes:
            raise UsageError(
                f"top={options.top}: the model tells {classes} classes apart",
                fix=f"top={classes} or fewer",
            )
        has_them = bool({"probabilities", "logits"} & set(names))
        if (options.top > 1 or options.probabilities) and not has_them:
            raise UsageError(
                f"{origin} gives labels without probabilities",
                fix="export it with include=probabilities, or leave out top= and probabilities=",
            )

    def columns(self, options: PredictOptions) -> Sequence[str]:
        places = ["", *(f"_{place}" for place in range(2, options.top + 1))]
        best = [name for place in places for name in (f"label{place}", f"probability{place}")]
        names = self.target.names if options.probabilities else ()
        return [*best, *(f"probability of {name}" for name in names)]

    def headings(self, options: PredictOptions) -> Sequence[str]:
        places = range(2, options.top + 1)
        others = [name for place in places for name in (f"{place}.", "probability")]
        return ["label", "probability", *others]

    def decode(self, served: Mapping[str, "Array"], options: PredictOptions) -> Sequence[Answer]:
        chosen = np.asarray(served["label"]).reshape(-1)
        found = _probabilities(served)
        if found is None:
            return [self._answer([(int(label), None)], None, options) for label in chosen]
        answers = []
        for label, row in zip(map(int, chosen), found, strict=True):
            order = np.argsort(-row, kind="stable").tolist()
            places = [label, *(place for place in order if place != label)][: options.top]
            best = [(place, float(row[place])) for place in places]
            every = row.tolist() if options.probabilities else None
            answers.append(self._answer(best, every, options))
        return answers

    def _answer(
        self,
        best: Sequence[tuple[int, float | None]],
        probabilities: list[float] | None,
        options: PredictOptions,
    ) -> Answer:
        """An answer that names the likeliest classes first, with probabilities where there are any.

        Args:
            probabilities: of all classes, where they were asked for.
        """
        names = self.target.names
        named = [{"label": names[place], "probability": share} for place, share in best]
        document: dict[str, Any] = dict(named[0])
        if len(named) > 1:
            document["top"] = named
        if probabilities is not None:
            document["probabilities"] = dict(zip(names, probabilities, strict=True))
        cells = [cell for each in named for cell in each.values()]
        missing = 2 * options.top - len(cells)
        shown = [
            cell
            for place, share in best
            for cell in (names[place], "" if share is None else f"{share:.4f}")
        ]
        return Answer(
            cells=[*cells, *missing * [None], *(probabilities or ())],
            document=document,
            shown=shown,
            counted=(names[best[0][0]],),
        )

    @property
    def counted(self) -> Sequence[str]:
        return self.target.names

    def hub(self, kind: SampleKind) -> Hub:
        return label_card.HUBS[kind]

    @property
    def purpose(self) -> str:
        return f"each as one of {len(self.target.names)} classes"

    def card_tables(self, figures: Mapping[str, Any]) -> Mapping[str, CardTable]:
        return {"Classes": label_card.classes(figures)}

    def card_limits(self, figures: Mapping[str, Any]) -> Iterator[str]:
        return label_card.limits(figures, count=len(self.target.names))


def _first_largest(logits: Any) -> Any:
    """int32 (batch,): the index of the largest, of equal ones the first.

    Keras' argmax of floats looks at their bits, which ONNX cannot.
    """
    from keras import ops

    largest = ops.equal(logits, ops.max(logits, axis=-1, keepdims=True))
    return ops.argmax(ops.cast(largest, "int32"), axis=-1)


def _probabilities(served: Mapping[str, "Array"]) -> "NDArray[np.float32] | None":
    """(n, classes), of the logits where there are only those."""
    if "probabilities" in served:
        return np.asarray(served["probabilities"], np.float32)
    if "logits" not in served:
        return None
    logits = np.asarray(served["logits"], np.float64)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[np.float32] = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares
