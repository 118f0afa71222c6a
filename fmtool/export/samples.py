"""Samples on disk, where processes of every runtime can read them."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fmtool.data.samples.images import Images, choose
from fmtool.data.samples.read_ahead import read_blocks
from fmtool.data.splitting.loading import Data
from fmtool.export import outputs


def write_held_out(data: Data, path: Path, *, most: int | None) -> NDArray[np.int32]:
    """The first `most` samples of the test split; gives their labels."""
    split = data.splits.test
    rows = np.arange(min(len(split), most or len(split)))
    _write(choose(split.array, rows), path)
    labels: NDArray[np.int32] = split.y[rows]
    return labels


def write_calibration(data: Data, path: Path, *, most: int) -> None:
    """Training samples, spread over all that the run trained on; validation stays out of it."""
    rows = data.selection.train
    chosen = rows[np.linspace(0, len(rows) - 1, min(most, len(rows)), dtype=np.int64)]
    _write(choose(data.splits.train.array, chosen), path)


def _write(samples: Images, path: Path) -> None:
    with outputs.begin(path, samples.shape, samples.dtype) as file:
        for block in read_blocks(samples):
            file.write(np.ascontiguousarray(block, samples.dtype).tobytes())
