"""Any number of several classes for each sample."""

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

_FIX = "give a 0 or 1 for each sample and class"


@dataclass(frozen=True)
class Labels:
    """Any number of several classes: uint8 of shape (n, classes), 1 for those a sample has."""

    kind: ClassVar[TargetKind] = "labels"
    dtype: ClassVar[str] = "uint8"

    names: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what one sample has."""
        return (len(self.names),)

    @property
    def class_names(self) -> tuple[str, ...]:
        return self.names

    @property
    def strata_count(self) -> int:
        """The number of strata that `strata` tells apart."""
        return len(self.names) + 1

    def check(self, y: "NDArray[Any]", *, split: str) -> None:
        """Raises DataError unless `y` is (n, classes) of zeros and ones."""
        import numpy as np

        if y.ndim != 2 or y.shape[1] != len(self.names) or y.dtype.kind not in "biuf":
            raise DataError(
                f"labels of {split} are {y.dtype} {y.shape}, expected (n, {len(self.names)})",
                fix=_FIX,
            )
        wrong = np.argwhere((y != 0) & (y != 1))
        if len(wrong):
            row, column = map(int, wrong[0])
            raise DataError(
                f"label {y[row, column]} of '{self.names[column]}' at row {row} of {split} is "
                "neither 0 nor 1",
                fix=_FIX,
            )

    def converted(self, values: "NDArray[Any]", *, split: str) -> "NDArray[np.uint8]":
        """Zeros and ones (n, classes) of any type as rows of the target; raises as `check`."""
        import numpy as np

        self.check(values, split=split)
        return values.astype(np.uint8)

    def encoded(self, values: Sequence[Any]) -> "NDArray[np.uint8]":
        """Rows of the target from the names of each sample's classes; KeyError for another."""
        import numpy as np

        places = places_of(self.names)
        y = np.zeros((len(values), len(self.names)), np.uint8)
        for row, names in enumerate(values):
            y[row, [places[name] for name in names]] = 1
        return y

    def counts(self, y: "NDArray[Any]") -> list[int]:
        """The number of samples with each class, in the order of `names`."""
        import numpy as np

        counts: list[int] = y.sum(axis=0, dtype=np.int64).tolist()
        return counts

    def missing(self, y: "NDArray[Any]") -> tuple[str, ...]:
        """The classes that no sample has."""
        return absent(self.names, self.counts(y))

    def require_learnable(self, y: "NDArray[Any]", *, split: str) -> None:
        """Raises DataError unless there is a class, and each has a sample."""
        if not self.names:
            raise DataError(f"0 classes in {split}; need 1 class", fix="name the classes")
        require_samples_of_each(self.missing(y), split)

    def by_names(
        self, y: "NDArray[Any]", names: Sequence[str], *, place: str
    ) -> "NDArray[np.uint8]":
        """Rows of a target with other names as rows of this one; see `Label.by_names`."""
        import numpy as np

        found = np.zeros((len(y), len(self.names)), np.uint8)
        for column, name in enumerate(names):
            if name in self.names:
                found[:, self.names.index(name)] = y[:, column]
            elif y[:, column].any():
                raise unknown_class(place, name, self.names)
        return found

    def strata(self, y: "NDArray[Any]") -> "NDArray[np.int32]":
        """(n,) in [0, strata_count): the rarest class of each sample; the last one for none."""
        import numpy as np

        order = np.argsort(y.sum(axis=0, dtype=np.int64), kind="stable")
        rarest = order[np.argmax(y[:, order] != 0, axis=1)]
        return np.where(y.any(axis=1), rarest, len(self.names)).astype(np.int32)

    def content(self, y: "NDArray[Any]") -> bytes:
        """The rows as bytes that are equal on every machine, for digests."""
        import numpy as np

        return y.astype(np.uint8).tobytes()

    def identity(self) -> Any:
        """The content of digests, in JSON types."""
        return self.to_json()

    def shown(self, row: Sequence[int]) -> str:
        """One row, for messages."""
        found = [f"'{name}'" for name, has in zip(self.names, row, strict=True) if has]
        return f"class {', '.join(found)}" if found else "no class"

    def described(self) -> str:
        return f"any of {len(self.names)} classes"

    def beside_samples(self) -> str:
        """The target in words that stand behind samples, as in `9 texts with any of 2 classes`."""
        return f"with {self.described()}"

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "names": list(self.names)}
