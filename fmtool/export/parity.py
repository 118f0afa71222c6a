"""Whether an exported file gives what the run's network gives, and how well it scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.export import outputs

_ROWS = 4096
_SMALLEST = np.finfo(np.float32).tiny


@dataclass(frozen=True)
class Limits:
    """Beyond them a file does not match.

    Args:
        tolerance: largest difference of a probability; None for any.
        agreement: least share of samples with the same label.
        score_loss: most that the accuracy may fall; None for any.
    """

    tolerance: float | None
    agreement: float
    score_loss: float | None


LIMITS: Mapping[str, Limits] = {
    "none": Limits(tolerance=1e-3, agreement=0.999, score_loss=None),
    "float16": Limits(tolerance=2e-2, agreement=0.99, score_loss=0.005),
    "dynamic": Limits(tolerance=None, agreement=0.95, score_loss=0.01),
    "int8": Limits(tolerance=None, agreement=0.95, score_loss=0.01),
}
"""What holds by itself, by quantization."""


def compare(names: Mapping[str, str], reference: Path, found: Path) -> dict[str, Any]:
    """Differences of each float output, and the share of samples with the same label.

    Args:
        names: of the outputs, with their types.
        reference, found: folders of `outputs.Writer`.
    """
    labels = outputs.read(reference, "label"), outputs.read(found, "label")
    agreeing = int(np.sum(labels[0] == labels[1]))
    return {
        "samples": len(labels[0]),
        "agreeing": agreeing,
        "agreement": agreeing / len(labels[0]),
        "differences": {
            name: _difference(outputs.read(reference, name), outputs.read(found, name))
            for name, dtype in names.items()
            if dtype == "float32"
        },
    }


def _difference(expected: NDArray[Any], found: NDArray[Any]) -> dict[str, float]:
    """Largest and mean absolute difference; NaN in either is infinite."""
    largest, total = 0.0, 0.0
    for first in range(0, len(expected), _ROWS):
        rows = slice(first, first + _ROWS)
        gaps = np.abs(np.asarray(expected[rows], np.float64) - found[rows])
        gaps = np.where(np.isnan(gaps), np.inf, gaps)
        largest, total = max(largest, float(gaps.max())), total + float(gaps.sum())
    return {"max": largest, "mean": total / expected.size}


def score(folder: Path, truth: NDArray[np.int32], names: Mapping[str, str]) -> dict[str, float]:
    """Accuracy, and mean cross-entropy in nats where there are probabilities."""
    labels = outputs.read(folder, "label")
    scores = {"accuracy": float(np.mean(labels == truth))}
    if "probabilities" in names:
        probabilities = outputs.read(folder, "probabilities")[np.arange(len(truth)), truth]
        logarithms = np.log(np.maximum(probabilities, _SMALLEST))
        scores["loss"] = abs(float(np.mean(logarithms, dtype=np.float64)))
    return scores


def objection(
    found: Mapping[str, Any],
    limits: Limits,
    *,
    accuracy: float,
    reference_accuracy: float,
) -> str | None:
    """What of a comparison is beyond the limits, for a message; None if nothing is."""
    probabilities = found["differences"].get("probabilities")
    if limits.tolerance is not None and probabilities is not None:
        largest = probabilities["max"]
        if not largest <= limits.tolerance:
            return f"a probability differs by {largest:.2g}, more than {limits.tolerance:g}"
    if found["agreement"] < limits.agreement:
        return (
            f"{found['agreeing']:,} of {found['samples']:,} labels agree, "
            f"fewer than {limits.agreement:.1%}"
        )
    loss = reference_accuracy - accuracy
    if limits.score_loss is not None and loss > limits.score_loss:
        return f"the accuracy falls by {loss:.4f}, more than {limits.score_loss:g}"
    return None
