"""The pictures of an evaluation: confusion matrix and misclassified samples."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fmtool.elements import Element, Pixels
from fmtool.evaluation.measure import Measurement
from fmtool.evaluation.plots import confusion_figure, samples_figure


def figures(
    measurement: Measurement, class_names: Sequence[str], element: Element
) -> Mapping[str, Any]:
    """Matplotlib figures by file stem."""
    logits = measurement.logits.astype(np.float64)
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    confidence = (shifted / shifted.sum(axis=1, keepdims=True)).max(axis=1)
    predicted = logits.argmax(axis=1)
    found = {
        "confusion_matrix": confusion_figure(measurement.report["confusion_matrix"], class_names)
    }
    if isinstance(element, Pixels) and (predicted != measurement.split.y).any():
        found["misclassified"] = samples_figure(
            measurement.split.x,
            measurement.split.y,
            predicted,
            class_names,
            confidence,
            element.maximum,
        )
    return found


def save(figures_by_stem: Mapping[str, Any], directory: Path) -> None:
    """PNG files, each whole or absent."""
    from fmtool.evaluation.plots import save_png

    directory.mkdir(exist_ok=True)
    for stem, figure in figures_by_stem.items():
        save_png(figure, directory / f"{stem}.png")
