"""Looks at arrays of images or numbers and their labels, as `data=arrays` gives them."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fmtool.data.inspection.findings import Findings, Key, Sample, evenly
from fmtool.data.samples.read_ahead import read_blocks
from fmtool.data.splitting.check import fingerprints
from fmtool.data.splitting.splits import Splits
from fmtool.elements import Pixels

_OPTION = "arrays"
_PREVIEWS = 4
"""Of each class."""


def inspect_arrays(path: Path, load: Callable[[str, Path], Splits]) -> Findings:
    """DataError for the first problem that `load(option, path)` finds."""
    splits = load(_OPTION, path)
    are_images = isinstance(splits.element, Pixels)
    samples = [
        Sample(f"{part}[{row}]", part, splits.class_names[split.y[row]], digest)
        for part, split in splits.parts.items()
        for row, digest in enumerate(fingerprints(split.x))
    ]
    return Findings(
        option=_OPTION,
        model="cnn" if are_images else "mlp",
        keys={"path": Key(str(path))},
        class_names=splits.class_names,
        samples=samples,
        statistics={
            "shape": list(splits.element.shape),
            "dtype": str(splits.train.x.dtype),
            "value_min": min(block.min() for block in read_blocks(splits.train.x)).item(),
            "value_max": max(block.max() for block in read_blocks(splits.train.x)).item(),
        },
        pictures_of=partial(_some_of, splits) if are_images else None,
        examples={},
    )


def _some_of(splits: Splits, name: str) -> list[NDArray[np.uint8]]:
    rows = np.flatnonzero(splits.train.y == splits.class_names.index(name))
    return [splits.train.x[int(rows[place])] for place in evenly(len(rows), _PREVIEWS)]
