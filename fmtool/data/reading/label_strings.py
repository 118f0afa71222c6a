"""Labels in arrays that are the names of their classes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool import class_names as naming
from fmtool.errors import DataError
from fmtool.suggest import did_you_mean
from fmtool.targets.classes import unknown_class


def are_strings(y: NDArray[Any]) -> bool:
    """True for one string for each sample."""
    return y.dtype.kind == "U" and (y.ndim == 1 or y.shape[1:] == (1,))


def numbered(
    labels: Mapping[str, NDArray[Any]], names: Sequence[str] | None
) -> tuple[dict[str, NDArray[np.int32]], tuple[str, ...]]:
    """Class numbers in the place of names, by split, and the names in order.

    Args:
        names: of the classes; None for those of `train` in natural order.

    Raises DataError for an empty label, two spellings of a class, and one that train has not.
    """
    written = {split: _written(y, split) for split, y in labels.items()}
    if names is None:
        counts = Counter(written["train"])
        for group in naming.spellings(counts):
            raise naming.collision("y of train", group, counts)
        names = naming.ordered(counts)
    places = {name: place for place, name in enumerate(names)}
    for split, found in written.items():
        unknown = next((name for name in found if name not in places), None)
        if unknown is not None:
            fix = did_you_mean(unknown, names, otherwise="remove its samples, or name it")
            raise DataError(f"y of {split}: class '{unknown}' is absent from train", fix=fix)
    rows = {
        split: np.array([places[name] for name in found], np.int32)
        for split, found in written.items()
    }
    return rows, tuple(names)


def of_run(y: NDArray[Any], split: str, names: Sequence[str]) -> NDArray[np.int32]:
    """Class numbers of a run in the place of names; DataError for a class that it has not."""
    places = {name: place for place, name in enumerate(names)}
    found = _written(y, split)
    for name in found:
        if name not in places:
            raise unknown_class(f"y of {split}", name, names)
    return np.array([places[name] for name in found], np.int32)


def _written(y: NDArray[Any], split: str) -> list[str]:
    found = [naming.written(str(label)) for label in y.reshape(-1).tolist()]
    for row, name in enumerate(found):
        if not name or not name.isprintable():
            what = "not printable" if name else "empty"
            raise DataError(f"the label at row {row} of {split} is {what}", fix="name its class")
    return found
