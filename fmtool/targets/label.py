"""One class of several for each sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fmtool.errors import DataError
from fmtool.targets.classes import (
    absent,
    places_of,
    require_samples_of_each,
    unknown_class,
)
from fmtool.targets.kinds import TargetKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Label:
    """One class of several: int32 of shape (n,), each the place of a class in `names`."""

    kind: ClassVar[TargetKind] = "label"
    dtype: ClassVar[str] = "int32"

    names: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what one sample has."""
        return ()

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.names

    @property
    def strata_count(self) -> int:
        """The number of strata that `strata` tells apart."""
        return len(self.names)

    def check(self, y: "NDArray[Any]", *, split: str) -> None:
        """Raises DataError unless `y` is (n,), of integers, each in [0, number of classes)."""
        import numpy as np

        if y.ndim != 1 or y.dtype.kind not in "iu":
            raise DataError(
                f"labels of {split} are {y.dtype} {y.shape}, expected integers of shape (n,)",
                fix="give one class number for each sample",
            )
        wrong = np.flatnonzero((y < 0) | (y >= len(self.names)))
        if wrong.size:
            row = int(wrong[0])
            begin_at_1 = y.min() == 1 and y.max() == len(self.names)
            raise DataError(
                f"label {y[row]} at row {row} of {split}; classes 0-{len(self.names) - 1}",
                fix="labels begin at 0: save y - 1"
                if begin_at_1
                else "correct the labels or name all the classes",
            )

    def converted(self, values: "NDArray[Any]", *, split: str) -> "NDArray[np.int32]":
        """Class numbers (n,) or (n, 1) of any integer type as rows; raises as `check`."""
        import numpy as np

        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim == 1 and values.dtype.kind == "f" and values.size:
            row = int(np.argmax(values != np.floor(values)))
            raise DataError(
                f"label {values[row]} at row {row} of {split} is not an integer",
                fix="save the labels as integers, with .astype('int32')",
            )
        self.check(values, split=split)
        return values.astype(np.int32)

    def encoded(self, values: Sequence[Any]) -> "NDArray[np.int32]":
        """Rows of the target from the name of each sample's class; KeyError for another."""
        import numpy as np

        places = places_of(self.names)
        return np.array([places[name] for name in values], np.int32)

    def counts(self, y: "NDArray[Any]") -> list[int]:
        """The number of samples of each class, in the order of `names`."""
        import numpy as np

        counts: list[int] = np.bincount(y, minlength=len(self.names)).tolist()
        return counts

    def missing(self, y: "NDArray[Any]") -> tuple[str, ...]:
        """The classes that no sample has."""
        return absent(self.names, self.counts(y))

    def require_learnable(self, y: "NDArray[Any]", *, split: str) -> None:
        """Raises DataError unless there are two classes, and each has a sample."""
        if len(self.names) < 2:
            raise DataError(
                f"{len(self.names)} class in {split}; need 2 classes", fix="add samples of another"
            )
        require_samples_of_each(self.missing(y), split)

    def by_names(
        self, y: "NDArray[Any]", names: Sequence[str], *, place: str
    ) -> "NDArray[np.int32]":
        """Rows of a target with other names as rows of this one.

        Args:
            names: of the other target, in its order.
            place: of the rows, for messages.

        Raises DataError for a class that occurs and is none of this target's.
        """
        import numpy as np

        for number in np.unique(y).tolist():
            if names[number] not in self.names:
                raise unknown_class(place, names[number], self.names)
        places = [self.names.index(name) if name in self.names else -1 for name in names]
        found: NDArray[np.int32] = np.array(places, np.int32)[y]
        return found

    def strata(self, y: "NDArray[Any]") -> "NDArray[np.int32]":
        """(n,) in [0, strata_count): samples of one stratum are shared out in proportion."""
        import numpy as np

        return y.astype(np.int32, copy=False)

    def content(self, y: "NDArray[Any]") -> bytes:
        """The rows as bytes that are equal on every machine, for digests."""
        return y.astype("<i4").tobytes()

    def identity(self) -> Any:
        """The content of digests, in JSON types: the names alone, as ever."""
        return list(self.names)

    def shown(self, row: Any) -> str:
        """One row, for messages."""
        return f"class '{self.names[row]}'"

    def described(self) -> str:
        return f"{len(self.names)} classes"

    def beside_samples(self) -> str:
        """The target in words that stand behind samples, as in `9 texts of 2 classes`."""
        return f"of {self.described()}"

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "names": list(self.names)}
