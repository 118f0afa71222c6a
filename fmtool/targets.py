"""What a model learns to give for a sample: one class of several, some of several, or numbers.

The data declare a target, a task says which kinds it learns. A target knows the arrays it is made
of, what is wrong with them, how samples are spread evenly over splits, and how it is written into
manifests, digests and exported files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from fmtool.errors import DataError

Kind = Literal["label", "labels", "numbers"]

KINDS: tuple[Kind, ...] = ("label", "labels", "numbers")

WHAT: dict[Kind, str] = {
    "label": "one class for each sample",
    "labels": "any number of classes for each sample",
    "numbers": "numbers for each sample",
}
"""The targets of a kind, for messages."""

_STRATA = 10
"""Parts of equal size into which a number is cut, to spread samples evenly."""


@dataclass(frozen=True)
class Label:
    """One class of several: int32 of shape (n,), each the place of a class in `names`."""

    kind: ClassVar[Kind] = "label"
    dtype: ClassVar[str] = "int32"

    names: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what one sample has."""
        return ()

    @property
    def strata_count(self) -> int:
        """How many strata `strata` tells apart."""
        return len(self.names)

    def check(self, y: NDArray[Any], *, split: str) -> None:
        """Raises DataError unless `y` is (n,), of integers, each in [0, number of classes)."""
        if y.ndim != 1 or y.dtype.kind not in "iu":
            raise DataError(
                f"labels of {split} are {y.dtype} {y.shape}, expected integers of shape (n,)",
                fix="give one class number for each sample",
            )
        wrong = np.flatnonzero((y < 0) | (y >= len(self.names)))
        if wrong.size:
            row = int(wrong[0])
            raise DataError(
                f"label {y[row]} at row {row} of {split}; classes 0-{len(self.names) - 1}",
                fix="correct the labels or name all the classes",
            )

    def strata(self, y: NDArray[Any]) -> NDArray[np.int32]:
        """(n,) in [0, strata_count): samples of one stratum are shared out in proportion."""
        return y.astype(np.int32, copy=False)

    def described(self) -> str:
        return f"{len(self.names)} classes"

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "names": list(self.names)}


@dataclass(frozen=True)
class Labels:
    """Any number of several classes: uint8 of shape (n, classes), 1 for those a sample has."""

    kind: ClassVar[Kind] = "labels"
    dtype: ClassVar[str] = "uint8"

    names: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of what one sample has."""
        return (len(self.names),)

    @property
    def strata_count(self) -> int:
        """How many strata `strata` tells apart."""
        return len(self.names) + 1

    def check(self, y: NDArray[Any], *, split: str) -> None:
        """Raises DataError unless `y` is (n, classes) of zeros and ones."""
        if y.ndim != 2 or y.shape[1] != len(self.names):
            raise DataError(
                f"labels of {split} are {y.dtype} {y.shape}, expected (n, {len(self.names)})",
                fix="give a 0 or 1 for each sample and class",
            )
        wrong = np.argwhere((y != 0) & (y != 1))
        if len(wrong):
            row, column = map(int, wrong[0])
            raise DataError(
                f"label {y[row, column]} of '{self.names[column]}' at row {row} of {split} is "
                "neither 0 nor 1",
                fix="give a 0 or 1 for each sample and class",
            )

    def strata(self, y: NDArray[Any]) -> NDArray[np.int32]:
        """(n,) in [0, strata_count): the rarest class of each sample; the last one for none."""
        order = np.argsort(y.sum(axis=0), kind="stable")
        rarest = order[np.argmax(y[:, order] != 0, axis=1)]
        return np.where(y.any(axis=1), rarest, len(self.names)).astype(np.int32)

    def described(self) -> str:
        return f"any of {len(self.names)} classes"

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "names": list(self.names)}


@dataclass(frozen=True)
class Numbers:
    """Numbers: float64 of shape (n, *shape), in the unit of the data.

    Args:
        names: of the numbers, as many as the last axis is long.
        shape: of what one sample has; one number is (1,).
    """

    kind: ClassVar[Kind] = "numbers"
    dtype: ClassVar[str] = "float64"

    names: tuple[str, ...]
    shape: tuple[int, ...]

    @property
    def strata_count(self) -> int:
        """How many strata `strata` tells apart."""
        return _STRATA

    def check(self, y: NDArray[Any], *, split: str) -> None:
        """Raises DataError unless `y` is (n, *shape) of finite numbers."""
        if y.shape[1:] != self.shape or y.dtype.kind not in "fiu":
            wanted = ", ".join(map(str, self.shape))
            raise DataError(
                f"targets of {split} are {y.dtype} {y.shape}, expected numbers (n, {wanted})",
                fix="give the same numbers for each sample",
            )
        rows = np.flatnonzero(~np.isfinite(y.reshape(len(y), -1)).all(axis=1))
        if rows.size:
            raise DataError(
                f"the target at row {rows[0]} of {split} is not a finite number",
                fix="leave out samples without a target",
            )

    def strata(self, y: NDArray[Any]) -> NDArray[np.int32]:
        """(n,) in [0, strata_count): parts of equal size by the first number, in its order."""
        first = y.reshape(len(y), -1)[:, 0]
        places = np.empty(len(first), np.int64)
        places[np.argsort(first, kind="stable")] = np.arange(len(first))
        return (places * _STRATA // max(1, len(first))).astype(np.int32)

    def described(self) -> str:
        return f"{len(self.names)} numbers" if len(self.names) > 1 else "a number"

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "names": list(self.names), "shape": list(self.shape)}


Target = Label | Labels | Numbers


def from_json(document: Mapping[str, Any]) -> Target:
    """The target that `to_json` has written. Raises DataError for what is none."""
    try:
        kind, names = document["kind"], tuple(map(str, document["names"]))
        if kind == "numbers":
            return Numbers(names, tuple(map(int, document["shape"])))
        many: Mapping[Any, type[Label | Labels]] = {"label": Label, "labels": Labels}
        return many[kind](names)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{document!r} is not a target", fix="restore the file") from error
