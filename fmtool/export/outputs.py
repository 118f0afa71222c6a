"""The outputs of many samples on disk, a .npy file for each."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib.format import dtype_to_descr, write_array_header_2_0
from numpy.typing import NDArray


class Writer:
    """Takes batches in order; what goes beyond `count` samples is left out.

    Args:
        dtypes: of the outputs that are written, by name; those that a batch has beside them are
            left out.
    """

    def __init__(self, folder: Path, count: int, dtypes: Mapping[str, str]) -> None:
        self._folder, self._count, self._dtypes, self._done = folder, count, dtypes, 0
        self._files: dict[str, BinaryIO] = {}
        folder.mkdir(exist_ok=True)

    def add(self, outputs: Mapping[str, NDArray[Any]]) -> None:
        for name in self._dtypes.keys() & outputs.keys():
            values, dtype = outputs[name], np.dtype(self._dtypes[name])
            if name not in self._files:
                shape = (self._count, *values.shape[1:])
                self._files[name] = begin(self._folder / f"{name}.npy", shape, dtype)
            end = min(self._done + len(values), self._count)
            self._files[name].write(values[: end - self._done].astype(dtype).tobytes())
        self._done = end

    def close(self) -> None:
        for file in self._files.values():
            file.close()


def begin(path: Path, shape: tuple[int, ...], dtype: np.dtype[Any]) -> BinaryIO:
    """A .npy file whose values are still to be written, in order.

    Not by a memory map: on a full disk that ends the process by SIGBUS.
    """
    header = {"descr": dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    file = path.open("wb")
    write_array_header_2_0(file, header)
    return file


def read(folder: Path, name: str) -> NDArray[Any]:
    """(n, ...), read on access."""
    values: NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    return values
