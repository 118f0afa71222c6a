"""The surest mistakes of a model, for a sheet of samples that are worth a look."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.notices import counted
from fmtool.tasks.shared.reporting import Sheet

MISTAKES = "misclassified"
"""In `Report.sheets`."""
MAX_MISTAKES = 32
"""The most confident ones, which a sheet shows."""


class Mistakes:
    """Takes mistakes batch by batch and keeps those of the highest confidence; of equal ones the
    first."""

    def __init__(self) -> None:
        self._count = 0
        self._kept: dict[str, NDArray[Any]] = {}

    def add(self, **found: NDArray[Any]) -> None:
        """Arrays of one length: `row` and `confidence` of each mistake, and what captions say."""
        self._count += len(found["row"])
        if self._kept:
            found = {name: np.concatenate([self._kept[name], found[name]]) for name in found}
        order = np.argsort(-found["confidence"], kind="stable")[:MAX_MISTAKES]
        self._kept = {name: values[order] for name, values in found.items()}

    def sheets(self, samples: int, caption: Callable[[Mapping[str, Any]], str]) -> dict[str, Sheet]:
        """The sheet by its name, as reports have it; none without a mistake.

        Args:
            samples: how many were looked at.
            caption: of what `add` was given of a mistake.
        """
        if not self._count:
            return {}
        kept = {name: values.tolist() for name, values in self._kept.items()}
        each = (dict(zip(kept, values, strict=True)) for values in zip(*kept.values(), strict=True))
        title = (
            f"{counted(self._count, 'mistake')} in {counted(samples, 'sample')}, "
            "the most confident first"
        )
        return {MISTAKES: Sheet(title, kept["row"], list(map(caption, each)))}
