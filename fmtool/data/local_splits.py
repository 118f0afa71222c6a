"""Turns the arrays of a data set on the user's own disk into `Splits`."""

import hashlib
import json
from collections.abc import Mapping, Sequence

import numpy as np

from fmtool.data.check import count_classes
from fmtool.data.selection import held_out_for_test
from fmtool.data.splits import Split, Splits
from fmtool.errors import DataError


def to_splits(
    name: str,
    class_names: Sequence[str],
    parts: Mapping[str, Split],
    *,
    test_fraction: float,
    origin: str,
) -> Splits:
    """`Splits` of the parts `train`, and `validation` and `test` where they are there.

    Without a part `test` the share `test_fraction` of `train` is held out. Which rows depends on
    the labels alone, so that every run is measured on the same ones.

    Raises:
        DataError: nothing of a class would be left to train on, or nothing to test on.
    """
    train, test = parts["train"], parts.get("test")
    if test is None:
        rows = held_out_for_test(train.y, num_classes=len(class_names), fraction=test_fraction)
        test = Split(train.x[rows], train.y[rows])
        train = Split(np.delete(train.x, rows, axis=0), np.delete(train.y, rows))
        _require_samples(train, test, class_names, test_fraction, origin)
    validation = parts.get("validation")
    return Splits(
        name=name,
        train=train,
        test=test,
        class_names=tuple(class_names),
        digest=_digest(class_names, {"train": train, "validation": validation, "test": test}),
        validation=validation,
    )


def _require_samples(
    train: Split, test: Split, class_names: Sequence[str], fraction: float, origin: str
) -> None:
    kept = count_classes(train.y, num_classes=len(class_names))
    if 0 in kept:
        label = kept.index(0)
        count = int((test.y == label).sum())
        raise DataError(
            f"{origin}: class '{class_names[label]}': {count} of {count} drawn to the test split",
            fix="lower data.test_fraction, add images, or give a test split",
        )
    if not len(test):
        raise DataError(
            f"{origin}: data.test_fraction={fraction} of {len(train)} images leaves none to test",
            fix="raise data.test_fraction, or give a test split",
        )


def _digest(class_names: Sequence[str], parts: Mapping[str, Split | None]) -> str:
    """Hex SHA-256 of the class names and of the shape and content of every array."""
    digest = hashlib.sha256(json.dumps(list(class_names)).encode())
    for part, split in parts.items():
        shape = None if split is None else split.x.shape
        digest.update(json.dumps([part, shape]).encode())
        if split is not None:
            digest.update(np.ascontiguousarray(split.x).reshape(-1).data)
            digest.update(split.y.astype("<i4").tobytes())
    return digest.hexdigest()
