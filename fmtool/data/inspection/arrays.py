"""Looks at arrays of images and labels, as the option that reads them gives them.

`OPTION` and the endings that it reads are all that is known of it here.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fmtool.data.inspection.findings import Findings, Key, Sample, evenly
from fmtool.data.read_ahead import read_blocks
from fmtool.data.splits import Split, Splits
from fmtool.errors import DataError

OPTION = "npz"
_PREVIEWS = 4
"""Of each class."""


def inspect_arrays(path: Path, load: Callable[[str, Path], Splits]) -> Findings:
    """DataError for the first problem that `load(option, path)` finds."""
    if path.suffix.lower() != ".npz":
        raise DataError(f"{path}: arrays in .npy files", fix="save all in one by numpy.savez")
    splits = load(OPTION, path)
    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    samples = [
        Sample(f"{part}[{row}]", part, splits.class_names[split.y[row]], digest)
        for part, split in parts.items()
        if split is not None
        for row, digest in enumerate(_digests(split))
    ]
    return Findings(
        option=OPTION,
        keys={"path": Key(str(path))},
        class_names=splits.class_names,
        samples=samples,
        statistics={
            "shape": list(splits.input_shape),
            "dtype": str(splits.train.x.dtype),
            "value_min": int(min(block.min() for block in read_blocks(splits.train.x))),
            "value_max": int(max(block.max() for block in read_blocks(splits.train.x))),
        },
        pictures_of=lambda name: _some_of(splits, splits.class_names.index(name)),
        examples={},
    )


def _digests(split: Split) -> list[bytes]:
    return [
        hashlib.sha256(image.reshape(-1).data).digest()
        for block in read_blocks(split.x)
        for image in block
    ]


def _some_of(splits: Splits, label: int) -> list[NDArray[np.uint8]]:
    rows = np.flatnonzero(splits.train.y == label)
    return [splits.train.x[int(rows[place])] for place in evenly(len(rows), _PREVIEWS)]
