"""Looks at arrays of images or numbers and their targets, as `data=arrays` gives them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fmtool.data.inspection.findings import Findings, Key, Sample, as_row
from fmtool.data.samples.read_ahead import read_blocks
from fmtool.data.splitting.check import fingerprints
from fmtool.data.splitting.splits import Splits
from fmtool.elements import Pixels

_OPTION = "arrays"


def inspect_arrays(path: Path, load: Callable[[str, Path], Splits]) -> Findings:
    """DataError for the first problem that `load(option, path)` finds."""
    splits = load(_OPTION, path)
    are_images = isinstance(splits.element, Pixels)
    samples: list[Sample] = []
    where: list[tuple[str, int]] = []
    for part, split in splits.parts.items():
        rows = zip(split.y.tolist(), fingerprints(split.array), strict=True)
        for row, (y, digest) in enumerate(rows):
            samples.append(Sample(f"{part}[{row}]", part, as_row(y), digest))
            where.append((part, row))

    def picture_of(place: int) -> NDArray[np.uint8]:
        part, row = where[place]
        picture: NDArray[np.uint8] = splits.parts[part].array[row]
        return picture

    return Findings(
        option=_OPTION,
        model="cnn" if are_images else "mlp",
        keys={"path": Key(str(path))},
        target=splits.target,
        samples=samples,
        statistics={
            "shape": list(splits.array_element.shape),
            "dtype": str(splits.train.array.dtype),
            "value_min": min(block.min() for block in read_blocks(splits.train.array)).item(),
            "value_max": max(block.max() for block in read_blocks(splits.train.array)).item(),
        },
        picture_of=picture_of if are_images else None,
    )
