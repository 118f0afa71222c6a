"""One class against another: probability, logit and label, of logits (batch, 1)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fmtool.elements import SampleKind
from fmtool.metric import show
from fmtool.targets import Label
from fmtool.tasks.shared import label_card, thresholds
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

_METRICS = ("roc_auc", "accuracy", "f1", "loss")


class BinaryServing(Serving[Label]):
    """Answers with one of two classes.

    Args:
        positive: the place of the class whose logits there are.
        log_odds: a sample with such a logit, or a higher one, is positive; of a float32.
    """

    OPTIONS = ("probabilities",)
    LOSS_OF_SCORE = "absolute"

    def __init__(self, target: Label, positive: int, log_odds: float) -> None:
        super().__init__(target)
        self._positive, self._log_odds = positive, log_odds

    @property
    def outputs(self) -> Mapping[str, Output]:
        return {
            "probability": Output("float32", "close", (), noun="a probability"),
            "logit": Output("float32", "reported", ()),
            "label": Output("int32", "equal", (), below=2, noun="labels"),
        }

    @property
    def always(self) -> tuple[str, ...]:
        # Without probabilities nothing would be known of how samples are ranked.
        return ("probability", "label")

    def serve(self, outputs: Any) -> dict[str, Any]:
        from keras import ops

        logit = ops.squeeze(outputs, axis=-1)
        found = ops.cast(ops.greater_equal(logit, self._log_odds), "int32")
        return {
            "probability": ops.sigmoid(logit),
            "logit": logit,
            "label": found if self._positive else 1 - found,
        }

    def reference(self, outputs: "Array") -> dict[str, "Array"]:
        logit = outputs[:, 0]
        return {
            "probability": thresholds.probabilities(logit),
            "logit": logit,
            "label": self._labels(logit >= np.float32(self._log_odds)),
        }

    def network_outputs(self, served: Mapping[str, "Array"]) -> "Array":
        if "logit" in served:
            return served["logit"][:, None]
        return thresholds.logits_of(served["probability"])[:, None]

    def columns(self, options: PredictOptions) -> Sequence[str]:
        return ["label", *(f"probability of {name}" for name in self._told(options))]

    def decode(self, served: Mapping[str, "Array"], options: PredictOptions) -> Sequence[Answer]:
        names, positive = self.target.names, self._positive
        labels = np.asarray(served["label"]).reshape(-1).tolist()
        answers = []
        for label, share in zip(labels, served["probability"].reshape(-1), strict=True):
            shares = {names[positive]: float(share)}
            document: dict[str, Any] = {"label": names[label]}
            document |= {"positive": names[positive], "probability": float(share)}
            if options.probabilities:
                shares[names[1 - positive]] = float(np.float32(1) - share)
                shares = {name: shares[name] for name in names}
                document["probabilities"] = shares
            cells = [names[label], *shares.values()]
            shown = [names[label], *(f"{each:.4f}" for each in shares.values())]
            answers.append(Answer(cells, document, shown, counted=(names[label],)))
        return answers

    @property
    def counted(self) -> Sequence[str]:
        return self.target.names

    def hub(self, kind: SampleKind) -> Hub:
        return replace(label_card.HUBS[kind], metrics=_METRICS)

    @property
    def purpose(self) -> str:
        one, other = self.target.names
        return f"each as {one} or {other}"

    def card_tables(self, figures: Mapping[str, Any]) -> Mapping[str, CardTable]:
        row = figures["positive"], show(figures["threshold"]), figures["threshold_rule"]
        columns = ["positive class", "from a probability of", "chosen"]
        return {"Classes": label_card.classes(figures), "Threshold": CardTable(columns, [row])}

    def card_limits(self, figures: Mapping[str, Any]) -> Iterator[str]:
        yield label_card.measured(figures)
        yield label_card.balance(figures["per_class"])
        yield (
            "Its threshold belongs to the share of positive samples, and to what mistakes cost, "
            "where it was trained: choose another by the probability where they are others."
        )
        error = show(figures["expected_calibration_error"])
        yield f"Its probabilities are off by {error} on average (expected calibration error)."
        yield "It gives one of both classes for any input, also for one that is neither."

    def _labels(self, is_found: "NDArray[np.bool_]") -> "NDArray[np.int64]":
        return np.where(is_found, self._positive, 1 - self._positive)

    def _told(self, options: PredictOptions) -> Sequence[str]:
        """The classes whose probabilities are given."""
        return self.target.names if options.probabilities else [self.target.names[self._positive]]
