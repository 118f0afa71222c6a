"""The outputs of many samples on disk, a .npy file for each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray


class Writer:
    """Takes batches in order; what goes beyond `count` samples is left out."""

    def __init__(self, folder: Path, count: int) -> None:
        self._folder, self._count, self._done = folder, count, 0
        self._files: dict[str, np.memmap[Any, Any]] = {}
        folder.mkdir(exist_ok=True)

    def add(self, outputs: Mapping[str, NDArray[Any]]) -> None:
        for name, values in outputs.items():
            if name not in self._files:
                shape = (self._count, *values.shape[1:])
                dtype = "int32" if name == "label" else "float32"
                path = self._folder / f"{name}.npy"
                self._files[name] = open_memmap(path, "w+", dtype=dtype, shape=shape)
            end = min(self._done + len(values), self._count)
            self._files[name][self._done : end] = values[: end - self._done]
        self._done = end

    def close(self) -> None:
        for file in self._files.values():
            file.flush()


def read(folder: Path, name: str) -> NDArray[Any]:
    """(n, ...), read on access."""
    values: NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    return values
