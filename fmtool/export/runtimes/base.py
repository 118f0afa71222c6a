"""The contract of a runtime."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.errors import DataError, FmtoolError, raise_if_used_up
from fmtool.export.metadata import Metadata
from fmtool.tasks.shared.serving import Output

Arrays = dict[str, NDArray[Any]]
_MAX_REASON = 200
_FIX = "export it again"


def reason(error: Exception) -> str:
    """The first line of what a library says."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:_MAX_REASON]


class Runtime(ABC):
    """An exported model that was loaded.

    Args:
        metadata: what the file says of itself.
    """

    origin = "the model"
    """For messages."""

    def __init__(self, metadata: Metadata) -> None:
        self.metadata = metadata

    @abstractmethod
    def run(self, samples: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        """The outputs, by name, for (n, *shape) samples of the type that the model reads.

        Where the model reads a fixed number of samples, n is that number.
        """

    def __call__(self, samples: NDArray[Any]) -> Arrays:
        """As `run`, for any n above 0; a batch that must be full repeats its last sample.

        Raises DataError where the model does not run, or gives other outputs than it says.
        """
        fixed, count = self.metadata.input.batch, len(samples)
        if fixed is None or count == fixed:
            return self._checked(samples)
        parts = []
        for first in range(0, count, fixed):
            rows = np.minimum(np.arange(first, first + fixed), count - 1)
            parts.append(self._checked(samples[rows]))
        return {name: np.concatenate([each[name] for each in parts])[:count] for name in parts[0]}

    def _checked(self, samples: NDArray[Any]) -> Arrays:
        try:
            found = dict(self.run(samples))
        except (FmtoolError, MemoryError):
            raise
        # Runtimes raise anything for samples that do not fit the graph.
        except Exception as error:
            raise_if_used_up(error)
            raise DataError(f"{self.origin} cannot be run: {reason(error)}", fix=_FIX) from error
        for name in self.metadata.outputs:
            problem = self._problem(name, found.get(name), len(samples))
            if problem:
                raise DataError(f"{self.origin}: {problem}", fix=_FIX)
        return found

    def _problem(self, name: str, values: NDArray[Any] | None, count: int) -> str:
        """Empty for an output that fits the metadata."""
        said = self.metadata.outputs[name]
        if values is None:
            return f"it gives no {name}, though it says so"
        is_free = said.shape is None or said.below is not None
        if not is_free and values.shape != (count, *(said.shape or ())):
            labels = self.metadata.labels
            expected = f"{len(labels)} labels" if labels else f"not {said.shape} for each"
            return f"it gives {name} of shape {values.shape} for {count} samples, {expected}"
        if values.ndim == 0 or len(values) != count:
            return f"it gives {name} of shape {values.shape} for {count} samples"
        return "" if said.below is None else _problem_of_places(name, values, count, said)


def _problem_of_places(name: str, values: NDArray[Any], count: int, said: Output) -> str:
    """The fault of an output of class numbers; empty where each number has a name."""
    is_one = values.shape == (count, *(said.shape or ()))
    if not is_one or not np.issubdtype(values.dtype, np.integer):
        return f"its {said.noun or name} are {values.dtype} of shape {values.shape}"
    if values.min() < 0 or values.max() >= (said.below or 0):
        return f"it gives {name} {int(values.max())}, and has names for {said.below}"
    return ""
