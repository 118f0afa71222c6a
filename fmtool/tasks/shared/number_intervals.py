"""Intervals around predicted numbers that hold a stated share of true ones: split conformal.

Papadopoulos et al. 2002, Inductive Confidence Machines for Regression; around quantiles, Romano et
al. 2019, Conformalized Quantile Regression (arXiv:1905.03222), here never narrower than these.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fmtool.errors import DataError
from fmtool.tasks.shared.number_scales import Transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Space = Literal["linear", "log", "log1p"]


@dataclass(frozen=True)
class Intervals:
    """The reach of intervals to both sides of what is predicted.

    Args:
        share: of true numbers, which they shall hold.
        space: `log` where they reach to factors of what is predicted, `log1p` of 1 more.
        margins: of each number of a sample, at least 0; None where none were fitted.
    """

    share: float
    space: Space
    margins: tuple[float, ...] | None = None

    def around(self, low: Any, high: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
        """Both ends, of arrays or tensors (batch, *shape): the lowest and highest predicted."""
        margins = np.asarray(self.margins, np.float32).reshape(shape)
        if self.space == "linear":
            return low - margins, high + margins
        factors = np.exp(margins)
        if self.space == "log":
            return low / factors, high * factors
        return (low + 1) / factors - 1, (high + 1) * factors - 1

    def to_json(self) -> dict[str, Any]:
        margins = None if self.margins is None else list(self.margins)
        return {"interval": self.share, "space": self.space, "margins": margins}

    def to_text(self, *, samples: int) -> str:
        """A JSON document.

        Args:
            samples: those that they were fitted to.
        """
        return json.dumps({**self.to_json(), "samples": samples}, indent=2) + "\n"


def fewest_samples(share: float) -> int:
    """To which intervals for such a share can be fitted."""
    exact = _exact(share)
    return math.ceil(exact / (1 - exact))


def fitted(empty: Intervals, low: "Array", high: "Array", y: "Array") -> Intervals:
    """With margins by the samples that the network was not trained on; None for too few of them.

    Args:
        low: (n, k), the lowest that is predicted; `high` likewise. Of a single value both are it.
        y: (n, k), true numbers.
    """
    rank = math.ceil((len(y) + 1) * _exact(empty.share))
    if rank > len(y):
        return empty
    low, high, true = (
        _spread(empty.space, np.asarray(each, np.float64)) for each in (low, high, y)
    )
    beyond = np.sort(np.maximum(low - true, true - high), axis=0)[rank - 1]
    if not np.isfinite(beyond).all():
        return empty
    return Intervals(empty.share, empty.space, tuple(np.maximum(beyond, 0.0).tolist()))


def from_text(text: str | None, transform: Transform, share: float) -> Intervals:
    """The intervals that `to_text` wrote, without margins where there is no text."""
    space: Mapping[Transform, Space] = {"log": "log", "log1p": "log1p"}
    if text is None:
        return Intervals(share, space.get(transform, "linear"))
    return from_json(json.loads(text))


def from_json(document: Mapping[str, Any]) -> Intervals:
    """The intervals that `to_json` gave. Raises DataError for anything else."""
    try:
        share, space, margins = (document[key] for key in ("interval", "space", "margins"))
        if space not in ("linear", "log", "log1p"):
            raise ValueError(space)
        numbers = None if margins is None else tuple(map(float, margins))
        return Intervals(float(share), space, numbers)
    except (KeyError, TypeError, ValueError) as error:
        raise DataError("intervals of a form that is not known", fix="export it again") from error


def _exact(share: float) -> Fraction:
    """As it is written: 0.9 is nine tenths."""
    return Fraction(str(share))


def _spread(space: Space, numbers: "Array") -> "Array":
    with np.errstate(divide="ignore", invalid="ignore"):
        if space == "linear":
            return numbers
        found: Array = np.log(numbers) if space == "log" else np.log1p(numbers)
        return found
