"""What every runtime gives."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.export.metadata import Metadata

Arrays = dict[str, NDArray[Any]]


class Runtime(ABC):
    """An exported model that was loaded.

    Args:
        metadata: what the file says of itself.
    """

    def __init__(self, metadata: Metadata) -> None:
        self.metadata = metadata

    @abstractmethod
    def run(self, samples: NDArray[Any]) -> Mapping[str, NDArray[Any]]:
        """The outputs, by name, for (n, *shape) samples of the type that the model reads.

        Where the model reads a fixed number of samples, n is that number.
        """

    def __call__(self, samples: NDArray[Any]) -> Arrays:
        """As `run`, for any n above 0; a batch that must be full repeats its last sample."""
        fixed, count = self.metadata.input.batch, len(samples)
        if fixed is None or count == fixed:
            return dict(self.run(samples))
        parts = []
        for first in range(0, count, fixed):
            rows = np.minimum(np.arange(first, first + fixed), count - 1)
            parts.append(self.run(samples[rows]))
        return {name: np.concatenate([each[name] for each in parts])[:count] for name in parts[0]}
