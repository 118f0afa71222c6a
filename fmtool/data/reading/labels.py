"""Turns the labels of a user's own data set into int32, or says which of them is none."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading.problems import Report
from fmtool.data.splitting.check import count_classes, validate_labels
from fmtool.errors import DataError


def to_labels(values: NDArray[Any], *, num_classes: int, split: str) -> NDArray[np.int32]:
    """`values` as int32 (n,); DataError unless they are integers, each in [0, num_classes)."""
    if values.ndim == 1 and values.dtype.kind == "f" and values.size:
        row = int(np.argmax(values != np.floor(values)))
        raise DataError(
            f"label {values[row]} at row {row} of {split} is not an integer",
            fix="save the labels as integers, with .astype('int32')",
        )
    validate_labels(values, num_classes=num_classes, split=split)
    return values.astype(np.int32)


def require_two_classes(
    names: Sequence[str], place: object, report: Report, *, fix: str, none: str = "0 classes"
) -> None:
    """Reports that there are not two classes among what is to be trained on.

    Args:
        place: the file or folder.
        none: what is said where there is not even one.
    """
    if len(names) < 2:
        found = f"1 class, '{names[0]}'" if names else none
        report(DataError(f"{place}: {found} in train; need 2 classes", fix=fix))


def require_all_classes(labels: NDArray[np.int32], class_names: Sequence[str], split: str) -> None:
    """DataError unless there are two classes, and each is among `labels`."""
    if len(class_names) < 2:
        raise DataError(
            f"{len(class_names)} class in {split}; need 2 classes", fix="add samples of another"
        )
    counts = count_classes(labels, num_classes=len(class_names))
    if 0 in counts:
        raise DataError(
            f"class '{class_names[counts.index(0)]}' is absent from {split}",
            fix="add samples of it, or remove its name and renumber the labels",
        )
