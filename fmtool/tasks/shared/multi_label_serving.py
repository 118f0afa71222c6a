"""Any number of several classes: probabilities, logits and labels, of logits (batch, classes)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fmtool.class_names import SEPARATOR
from fmtool.elements import SampleKind
from fmtool.metric import show
from fmtool.targets import Labels
from fmtool.tasks.shared import label_card, thresholds
from fmtool.tasks.shared.multi_label_reporting import names_of
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

_METRICS = ("mean_average_precision", "f1_macro", "f1_micro", "loss")


class MultiLabelServing(Serving[Labels]):
    """Answers with the classes of a sample.

    Args:
        log_odds: (k,); a sample with such a logit of a class, or a higher one, is of it; rounded
            to float32.
    """

    OPTIONS = ("probabilities",)
    LOSS_OF_SCORE = "absolute"

    def __init__(self, target: Labels, log_odds: Sequence[float]) -> None:
        super().__init__(target)
        self._log_odds = np.asarray(log_odds, np.float32)

    @property
    def outputs(self) -> Mapping[str, Output]:
        shape = (len(self.target.names),)
        return {
            "probabilities": Output("float32", "close", shape, noun="a probability"),
            "logits": Output("float32", "reported", shape),
            "labels": Output("int32", "equal", shape, below=2, noun="sets of labels"),
        }

    @property
    def always(self) -> tuple[str, ...]:
        # Without probabilities nothing would be known of how samples are ranked.
        return ("probabilities", "labels")

    def serve(self, outputs: Any) -> dict[str, Any]:
        from keras import ops

        return {
            "probabilities": ops.sigmoid(outputs),
            "logits": outputs,
            "labels": ops.cast(ops.greater_equal(outputs, self._log_odds), "int32"),
        }

    def reference(self, outputs: "Array") -> dict[str, "Array"]:
        return {
            "probabilities": thresholds.probabilities(outputs),
            "logits": outputs,
            "labels": (outputs >= self._log_odds).astype(np.int32),
        }

    def network_outputs(self, served: Mapping[str, "Array"]) -> "Array":
        if "logits" in served:
            return served["logits"]
        return thresholds.logits_of(served["probabilities"])

    def columns(self, options: PredictOptions) -> Sequence[str]:
        names = self.target.names if options.probabilities else ()
        return ["labels", *(f"probability of {name}" for name in names)]

    def headings(self, options: PredictOptions) -> Sequence[str]:
        return ["labels"]

    def decode(self, served: Mapping[str, "Array"], options: PredictOptions) -> Sequence[Answer]:
        answers = []
        for has, row in zip(served["labels"], served["probabilities"], strict=True):
            found = names_of(self.target.names, has)
            shares = row.tolist() if options.probabilities else []
            document: dict[str, Any] = {"labels": found}
            if options.probabilities:
                document["probabilities"] = dict(zip(self.target.names, shares, strict=True))
            together = SEPARATOR.join(found)
            answers.append(Answer([together, *shares], document, [together], counted=found))
        return answers

    @property
    def counted(self) -> Sequence[str]:
        return self.target.names

    def hub(self, kind: SampleKind) -> Hub:
        return replace(label_card.HUBS[kind], metrics=_METRICS)

    @property
    def purpose(self) -> str:
        return f"each as any of {len(self.target.names)} classes"

    def card_tables(self, figures: Mapping[str, Any]) -> Mapping[str, CardTable]:
        classes, per_class = label_card.classes(figures), figures["per_class"]
        columns = [*classes.columns, "threshold"]
        pairs = zip(classes.rows, per_class, strict=True)
        rows = [(*row, show(each["threshold"])) for row, each in pairs]
        return {"Classes": CardTable(columns, rows, numbers=5)}

    def card_limits(self, figures: Mapping[str, Any]) -> Iterator[str]:
        yield from super().card_limits(figures)
        absent = ", ".join(figures["absent_classes"])
        if absent:
            yield f"None of them is of {absent}: how well it does there is not known."
        known = [each for each in figures["per_class"] if each["support"]]
        if known:
            worst = min(known, key=lambda each: float(each["f1"]))
            yield f"It does worst on the class {worst['name']}, with an F1 of {show(worst['f1'])}."
        yield "It knows no other classes: an input that has none of them may still be given some."
