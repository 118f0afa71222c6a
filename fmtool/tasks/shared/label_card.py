"""The sections of a classifier's model card, one label of several, as plain text."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fmtool.elements import SampleKind
from fmtool.metric import show
from fmtool.notices import counted
from fmtool.tasks.shared.serving import CardTable, Hub

_95_PERCENT = 1.959964
"""Standard deviations, to both sides."""
_METRICS = ("accuracy", "f1_macro", "loss")

HUBS: Mapping[SampleKind, Hub] = {
    "image": Hub("image-classification", "image classification", _METRICS),
    "text": Hub("text-classification", "text classification", _METRICS),
    "features": Hub("tabular-classification", "classification of rows of numbers", _METRICS),
}


def classes(figures: Mapping[str, Any]) -> CardTable:
    """Precision, recall and F1 of each class."""
    rows = [
        (
            each["name"],
            *(show(each[name]) for name in ("precision", "recall", "f1")),
            f"{each['support']:,}",
        )
        for each in figures["per_class"]
    ]
    return CardTable(["class", "precision", "recall", "F1", "samples"], rows, numbers=4)


def limits(figures: Mapping[str, Any], *, count: int) -> Iterator[str]:
    """The limits that follow from the figures of a model that tells `count` classes apart."""
    yield measured(figures)
    yield balance(figures["per_class"])
    absent = ", ".join(figures["absent_classes"])
    if absent:
        yield (
            f"None of them is of {absent}: how well it does there is not known, and the "
            "averages called macro leave them out."
        )
    known = [each for each in figures["per_class"] if each["support"]]
    worst = min(known, key=lambda each: float(each["f1"]))
    yield f"It does worst on the class {worst['name']}, with an F1 of {show(worst['f1'])}."
    if "expected_calibration_error" in figures:
        error = show(figures["expected_calibration_error"])
        yield f"Its probabilities are off by {error} on average (expected calibration error)."
    yield (f"It gives one of its {count} classes for any input, also for one that is none of them.")


def measured(figures: Mapping[str, Any]) -> str:
    """The reliability of the accuracy, in words."""
    low, high = _interval(figures["accuracy"], figures["samples"])
    return (
        f"It was measured on {counted(figures['samples'], 'sample')}: on others like them "
        f"the accuracy is between {low:.4f} and {high:.4f} (95 %, Wilson)."
    )


def balance(per_class: Sequence[Mapping[str, Any]]) -> str:
    """The number of samples of the classes, the smallest and the largest of them."""
    few, many = (choose(per_class, key=_support) for choose in (min, max))
    if few["support"] == many["support"]:
        return f"Of each class there are {few['support']:,} among them."
    return (
        f"Of a class there are {few['support']:,} ({few['name']}) to {many['support']:,} "
        f"({many['name']}) among them; figures of small classes vary more."
    )


def _support(each: Mapping[str, Any]) -> int:
    return int(each["support"])


def _interval(share: float, count: int) -> tuple[float, float]:
    """Wilson 1927: unlike the normal one it holds near 0 and 1."""
    square = _95_PERCENT**2 / count
    middle = (share + square / 2) / (1 + square)
    spread = math.sqrt(share * (1 - share) * square + square**2 / 4) / (1 + square)
    return max(0.0, middle - spread), min(1.0, middle + spread)
