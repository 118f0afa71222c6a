"""Numbers for each sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from fmtool.errors import DataError, UsageError
from fmtool.targets.kinds import WHAT, TargetKind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_STRATA = 10
"""Parts of equal size into which a number is cut, to spread samples evenly."""


@dataclass(frozen=True)
class Numbers:
    """Numbers: float64 of shape (n, *shape), in the unit of the data.

    Args:
        names: of the numbers, as many as the last axis is long.
        shape: of what one sample has; one number is (1,).
    """

    kind: ClassVar[TargetKind] = "numbers"
    dtype: ClassVar[str] = "float64"

    names: tuple[str, ...]
    shape: tuple[int, ...]

    @property
    def class_names(self) -> tuple[str, ...]:
        """Raises UsageError: there are no classes."""
        raise UsageError(
            f"the data have {WHAT[self.kind]}, not classes", fix="choose data with classes"
        )

    @property
    def strata_count(self) -> int:
        """The number of strata that `strata` tells apart."""
        return _STRATA

    def check(self, y: "NDArray[Any]", *, split: str) -> None:
        """Raises DataError unless `y` is (n, *shape) of finite numbers."""
        import numpy as np

        if y.shape[1:] != self.shape or not y.ndim or y.dtype.kind not in "fiu":
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

    def converted(self, values: "NDArray[Any]", *, split: str) -> "NDArray[np.float64]":
        """Numbers of any type as rows of the target, (n,) as one each; raises as `check`."""
        import numpy as np

        if values.ndim == 1 and self.shape == (1,):
            values = values[:, np.newaxis]
        self.check(values, split=split)
        return values.astype(np.float64)

    def encoded(self, values: Sequence[Any]) -> "NDArray[np.float64]":
        """Rows of the target from the numbers of each sample."""
        import numpy as np

        return np.array(values, np.float64).reshape(len(values), *self.shape)

    def counts(self, y: "NDArray[Any]") -> list[int]:
        """Nothing: there are no classes to count."""
        return []

    def missing(self, y: "NDArray[Any]") -> tuple[str, ...]:
        """Nothing: there are no classes that a sample could have."""
        return ()

    def require_learnable(self, y: "NDArray[Any]", *, split: str) -> None:
        """Raises DataError unless there are two samples."""
        if len(y) < 2:
            raise DataError(f"{len(y)} sample in {split}; need 2 samples", fix="add samples")

    def by_names(
        self, y: "NDArray[Any]", names: Sequence[str], *, place: str
    ) -> "NDArray[np.float64]":
        """Rows of a target with other names as rows of this one.

        Raises DataError where one of this target's numbers is not there.
        """
        for name in self.names:
            if name not in names:
                found = ", ".join(f"'{each}'" for each in names)
                raise DataError(
                    f"{place}: the run's number '{name}' is not there, but {found}",
                    fix="add it, or name it as in the run",
                )
        return y[..., [names.index(name) for name in self.names]]

    def strata(self, y: "NDArray[Any]") -> "NDArray[np.int32]":
        """(n,) in [0, strata_count): parts of equal size by the first number, in its order."""
        import numpy as np

        first = y.reshape(len(y), -1)[:, 0]
        places = np.empty(len(first), np.int64)
        places[np.argsort(first, kind="stable")] = np.arange(len(first))
        return (places * _STRATA // max(1, len(first))).astype(np.int32)

    def content(self, y: "NDArray[Any]") -> bytes:
        """The rows as bytes that are equal on every machine, for digests."""
        return y.astype("<f8").tobytes()

    def identity(self) -> Any:
        """The content of digests, in JSON types."""
        return self.to_json()

    def shown(self, row: Sequence[float]) -> str:
        """One row, for messages."""
        import numpy as np

        return ", ".join(f"{number:g}" for number in np.ravel(row).tolist())

    def described(self) -> str:
        return f"{len(self.names)} numbers" if len(self.names) > 1 else "a number"

    def beside_samples(self) -> str:
        """The target in words that stand behind samples, as in `9 texts with a number`."""
        return f"with {self.described()}"

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "names": list(self.names), "shape": list(self.shape)}
