"""The scale in which numbers are learned: fitted on training rows, undone in the saved model.

What is done happens in float64 on the host, so that numbers far from 0 keep their differences.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fmtool.errors import DataError
from fmtool.notices import warn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Transform = Literal["none", "standardize", "log", "log1p", "mean"]
"""`standardize` by mean and standard deviation, `log` and `log1p` of their logarithm, `mean` by the
mean alone, so that 0 stays 0."""

_COARSEST = 0.01
"""The largest distance of float32 without a warning, in standard deviations."""


@dataclass(frozen=True)
class Scale:
    """Numbers (n, ..., k) less `offset`, as shares of `factor`, maybe of their logarithm.

    Args:
        offset: of each of the k numbers, as long as the last axis of the target.
        factor: likewise; greater than 0.
    """

    transform: Transform
    offset: tuple[float, ...]
    factor: tuple[float, ...]

    def done(self, y: "Array", names: Sequence[str]) -> "Array":
        """As they are learned: float32 of the shape of `y`; DataError for what has no logarithm."""
        import numpy as np

        found = (_before(self.transform, y, names) - self.offset) / np.asarray(self.factor)
        learned: Array = found.astype(np.float32)
        return learned

    def undone(self, outputs: Any, *, behind: bool) -> Any:
        """Numbers in their unit, of a tensor (batch, ..., k), or (batch, ..., k, m).

        Args:
            behind: there is an axis behind that of the numbers, as of quantiles.
        """
        from keras import ops

        offset, factor = self._constants(behind)
        if self.transform == "none":
            return outputs
        # In this order: the other way round Keras adds a bias, which LiteRT does for the last axis
        # alone.
        numbers = ops.add(offset, ops.multiply(outputs, factor))
        if self.transform == "log":
            return ops.exp(numbers)
        # ONNX has no expm1.
        return ops.subtract(ops.exp(numbers), 1) if self.transform == "log1p" else numbers

    def gaps(self, learned: Any, outputs: Any) -> Any:
        """The distance of two tensors (batch, ..., k), in the unit of the numbers."""
        from keras import ops

        if self.transform in ("log", "log1p"):
            return ops.abs(self.undone(learned, behind=False) - self.undone(outputs, behind=False))
        # Without the offset, beside which float32 would lose the difference.
        return ops.multiply(ops.abs(learned - outputs), self._constants(False)[1])

    def _constants(self, behind: bool) -> tuple["Array", "Array"]:
        import numpy as np

        both = (np.asarray(each, np.float32) for each in (self.offset, self.factor))
        offset, factor = (each[:, np.newaxis] if behind else each for each in both)
        return offset, factor

    def to_text(self) -> str:
        """A JSON document, for people and for digests."""
        document = {
            "transform": self.transform,
            "offset": list(self.offset),
            "factor": list(self.factor),
        }
        return json.dumps(document, indent=2) + "\n"


def fitted(transform: Transform, y: "Array", names: Sequence[str]) -> Scale:
    """The scale of the numbers (n, ..., k) that are trained on; raises as `Scale.done`.

    Warns of numbers that float32, which a model gives, cannot tell apart.
    """
    import numpy as np

    count = y.shape[-1]
    _warn_of_lost_differences(y, names)
    if transform == "none":
        return Scale(transform, (0.0,) * count, (1.0,) * count)
    flat = _before(transform, y, names).reshape(-1, count)
    mean = flat.mean(axis=0)
    factor = mean if transform == "mean" else flat.std(axis=0)
    offset = np.zeros(count) if transform == "mean" else mean
    positive = np.where(factor > 0, factor, 1.0)
    return Scale(transform, tuple(offset.tolist()), tuple(positive.tolist()))


def require_counts(y: "Array", names: Sequence[str]) -> None:
    """Raises DataError for a number below 0."""
    _require(y >= 0, y, names, "is no count", "choose another task.loss, such as mse")


def _before(transform: Transform, y: "Array", names: Sequence[str]) -> "Array":
    """The values that are standardized: the numbers, or their logarithm."""
    import numpy as np

    if transform == "log":
        fix = "task.transform=log1p, or task.transform=standardize"
        _require(y > 0, y, names, "has no logarithm", fix)
    elif transform == "log1p":
        _require(y > -1, y, names, "has no log1p", "task.transform=standardize")
    functions = {"log": np.log, "log1p": np.log1p}
    return functions[transform](y) if transform in functions else y


def _require(holds: "Array", y: "Array", names: Sequence[str], reason: str, fix: str) -> None:
    import numpy as np

    wrong = np.argwhere(~holds)
    if len(wrong):
        row, column = int(wrong[0][0]), int(wrong[0][-1])
        number = float(y[tuple(wrong[0])])
        raise DataError(f"the target {names[column]}={number:g} of row {row} {reason}", fix=fix)


def _warn_of_lost_differences(y: "Array", names: Sequence[str]) -> None:
    import numpy as np

    flat = y.reshape(-1, y.shape[-1])
    apart = np.spacing(np.abs(flat).max(axis=0).astype(np.float32))
    for name, distance, deviation in zip(names, apart, flat.std(axis=0), strict=True):
        if distance > _COARSEST * deviation > 0:
            warn(
                f"numbers of {name} deviate by {deviation:g}, but float32, which the model gives, "
                f"is {distance:g} apart there; subtract a constant from them"
            )
