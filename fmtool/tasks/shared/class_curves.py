"""Curves of each class against the rest, and the areas below them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.tasks.shared import ranking

AUCS = {"roc_auc": ranking.roc_auc, "pr_auc": ranking.average_precision}
CURVES = "curves"
"""In `Report.unprinted`: a `Curve` by the name of its class."""
MAX_CURVES = 10
"""Classes whose curves are drawn: those that are told from the rest worst."""

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """ROC, and precision over recall, of one class against the rest, as pairs of (m,) arrays."""

    roc: tuple[_Floats, _Floats]
    precision_recall: tuple[_Floats, _Floats]
    roc_auc: float
    pr_auc: float


def tell_apart(entries: Sequence[dict[str, Any]], cuts: Iterable[ranking.Cuts]) -> dict[str, Curve]:
    """Puts the areas below its curves into the entry of each class; the curves that are worst.

    Args:
        entries: as `class_figures.per_class` gives them, in the order of `cuts`.
    """
    curves: dict[str, Curve] = {}
    for entry, each in zip(entries, cuts, strict=True):
        entry |= {name: area(each) for name, area in AUCS.items()}
        if each.undefined:
            why = dict.fromkeys(AUCS, each.undefined)
            entry["undefined"] = {**entry.pop("undefined", {}), **why}
            continue
        curves[entry["name"]] = Curve(
            ranking.roc_points(each),
            ranking.precision_recall_points(each),
            **{name: entry[name] for name in AUCS},
        )
        if len(curves) > MAX_CURVES:
            del curves[max(curves, key=lambda name: curves[name].roc_auc)]
    return curves


def mean_area(entries: Iterable[Mapping[str, Any]], name: str) -> float | None:
    """The mean over the classes that have such an area; None where none has."""
    known = [entry[name] for entry in entries if entry[name] is not None]
    return float(np.mean(known)) if known else None
