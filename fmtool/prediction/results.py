"""What the outputs of a model say, sample by sample."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.errors import DataError, UsageError
from fmtool.export.metadata import Metadata


@dataclass(frozen=True)
class Prediction:
    """Of one sample.

    Args:
        best: classes with their probabilities, the likeliest first; None where the model gives
            no probabilities.
        probabilities: of all classes, in their order; None where they were not asked for.
        error: why nothing could be predicted; then all else is empty.
    """

    name: str
    best: Sequence[tuple[str, float | None]] = ()
    probabilities: Sequence[float] | None = None
    error: DataError | None = None


def require_possible(metadata: Metadata, *, top: int, probabilities: bool, origin: str) -> None:
    """UsageError for probabilities that the model does not give, or more classes than it has."""
    if top > len(metadata.labels):
        raise UsageError(
            f"top={top}: the model tells {len(metadata.labels)} classes apart",
            fix=f"top={len(metadata.labels)} or fewer",
        )
    has_them = bool({"probabilities", "logits"} & set(metadata.outputs))
    if (top > 1 or probabilities) and not has_them:
        raise UsageError(
            f"{origin} gives labels without probabilities",
            fix="export it with include=probabilities, or leave out top= and probabilities=",
        )


def read(
    outputs: Mapping[str, NDArray[Any]],
    names: Sequence[str],
    labels: Sequence[str],
    *,
    top: int,
    probabilities: bool,
) -> Iterator[Prediction]:
    """A prediction for each of the `names`."""
    chosen = np.asarray(outputs["label"]).reshape(len(names))
    found = _probabilities(outputs)
    for row, name in enumerate(names):
        label = int(chosen[row])
        if found is None:
            yield Prediction(name, [(labels[label], None)])
            continue
        best = [label, *(place for place in _order(found[row]) if place != label)][:top]
        yield Prediction(
            name,
            [(labels[place], float(found[row, place])) for place in best],
            found[row].tolist() if probabilities else None,
        )


def _order(values: NDArray[np.float32]) -> list[int]:
    """From the largest to the smallest; of equal ones the first is first."""
    order: list[int] = np.argsort(-values, kind="stable").tolist()
    return order


def _probabilities(outputs: Mapping[str, NDArray[Any]]) -> NDArray[np.float32] | None:
    """(n, classes), of the logits where there are only those."""
    if "probabilities" in outputs:
        return np.asarray(outputs["probabilities"], np.float32)
    if "logits" not in outputs:
        return None
    logits = np.asarray(outputs["logits"], np.float64)
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: NDArray[np.float32] = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    return shares
