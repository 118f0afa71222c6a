"""Looks at arrays of images or numbers, and at any other set as its own option reads it."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.base import option
from fmtool.data.inspection.asked import Asked
from fmtool.data.inspection.findings import Findings, Key, Sample, as_row
from fmtool.data.reading import array_names
from fmtool.data.reading.array_files import names_in
from fmtool.data.samples.read_ahead import read_blocks
from fmtool.data.splitting.check import fingerprints
from fmtool.data.splitting.splits import Splits
from fmtool.elements import Pixels, Record, SampleKind

_OPTION = "arrays"
_MODELS: dict[SampleKind, tuple[str, ...]] = {
    "image": ("cnn", "mlp"),
    "text": ("text_cnn",),
    "features": ("mlp",),
    "record": (),
}


def inspect_arrays(path: Path, asked: Asked) -> Findings:
    """DataError for the first problem that a training would find."""
    keys = {"path": Key(str(path))}
    names = names_in(path)
    if not array_names.are_whole(names, array_names.Names()):
        others = array_names.guessed(names)
        if others is not None:
            keys |= {key: Key(name) for key, name in others._asdict().items()}
    return _findings(_OPTION, keys, asked)


def inspect_option(name: str, path: Path, asked: Asked) -> Findings:
    """The same of the data set of any option, such as a plugin, with its own keys."""
    has_path = "path" in option(name).Config.model_fields
    return _findings(name, {"path": Key(str(path))} if has_path else {}, asked)


def _findings(name: str, guessed: dict[str, Key], asked: Asked) -> Findings:
    cfg, keys = asked.settled(name, guessed)
    own = option(name)
    splits = own.load(cfg)
    own.check(cfg, splits)
    samples: list[Sample] = []
    where: list[tuple[str, int]] = []
    for part, split in splits.parts.items():
        rows = zip(split.y.tolist(), fingerprints(split.x), strict=True)
        for row, (y, digest) in enumerate(rows):
            samples.append(Sample(f"{part}[{row}]", part, as_row(y), digest))
            where.append((part, row))

    def picture_of(place: int) -> NDArray[np.uint8]:
        part, row = where[place]
        picture: NDArray[np.uint8] = splits.parts[part].array[row]
        return picture

    return Findings(
        option=name,
        models=_MODELS[splits.element.kind],
        keys=keys,
        target=splits.target,
        samples=samples,
        statistics=_statistics(splits),
        element=None if isinstance(splits.element, Record) else splits.element,
        picture_of=picture_of if isinstance(splits.element, Pixels) else None,
    )


def _statistics(splits: Splits) -> dict[str, Any]:
    if isinstance(splits.element, Record):
        return {"fields": ", ".join(splits.element.fields)}
    found = {
        "shape": list(splits.array_element.shape),
        "dtype": str(splits.train.array.dtype),
    }
    if splits.train.array.dtype.kind not in "biuf":
        return found
    ends = [(block.min(), block.max()) for block in read_blocks(splits.train.array)]
    return {
        **found,
        "value_min": min(low for low, _ in ends).item(),
        "value_max": max(high for _, high in ends).item(),
    }
