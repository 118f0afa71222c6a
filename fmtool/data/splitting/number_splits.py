"""Rows of numbers of a data set as the float32 of a run, with its origins and names of columns."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading.features import Origins, ReadColumns, fit_origins, to_features
from fmtool.data.samples.images import is_in_memory
from fmtool.data.samples.read_ahead import read_all
from fmtool.data.splitting import inputs
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Features
from fmtool.errors import DataError
from fmtool.notices import note

COLUMNS = "columns"
"""The entry of `Splits.facts` with the names."""


def fit(splits: Splits, rows: NDArray[np.int32]) -> Splits:
    """float32, without the origins of columns whose differences it could not hold.

    The origins are those of the training samples of `rows`.
    """
    origins = fit_origins(splits.train.array, rows)
    columns = splits.facts.get(COLUMNS)
    if origins is not None:
        shown = ", ".join(
            str(place) if columns is None else columns[place]
            for place, origin in enumerate(origins.values)
            if origin
        )
        note(
            f"{splits.name}: an origin is taken off column {shown} before the cast to float32, "
            "which would lose its differences"
        )
    entries = inputs.entries_of_numbers(None if origins is None else origins.values, columns)
    artifacts = inputs.encode(entries) if entries else {}
    return replace(_in_float32(splits, origins), artifacts=artifacts)


def restore(splits: Splits, artifacts: Mapping[str, str], *, origin: str) -> Splits:
    """The same by the origins of a run, its columns in its order where both have names.

    Raises DataError where columns of the run are missing.

    Args:
        origin: for the message.
    """
    entries, found = inputs.decode(artifacts), splits.facts.get(COLUMNS)
    width = splits.array_element.shape[-1]
    if found is not None and isinstance(entries.get(COLUMNS), list):
        # What the run has not is left out by its name.
        width = len(entries[COLUMNS])
    values = inputs.origins_in(entries, width=width)
    wanted = inputs.columns_in(entries, width=width)
    if wanted is not None and found is not None and list(wanted) != list(found):
        splits = _ordered(splits, _places(wanted, found, origin))
    origins = None if values is None else Origins(values)
    return replace(_in_float32(splits, origins), artifacts=dict(artifacts))


def _places(wanted: Sequence[str], found: Sequence[str], origin: str) -> list[int]:
    missing = [name for name in wanted if name not in found]
    if missing:
        raise DataError(
            f"{origin}: the run's columns {', '.join(missing)} are missing",
            fix="add them, or leave the names of columns out",
        )
    return [found.index(name) for name in wanted]


def _ordered(splits: Splits, places: list[int]) -> Splits:
    def ordered(part: Split) -> Split:
        columns = ReadColumns(part.array, places)
        return replace(part, x=read_all(columns) if is_in_memory(part.array) else columns)

    chosen = replace(splits, element=Features((*splits.array_element.shape[:-1], len(places))))
    return _changed(chosen, {name: ordered(part) for name, part in splits.parts.items()})


def _in_float32(splits: Splits, origins: Origins | None) -> Splits:
    parts = splits.parts.items()
    return _changed(
        splits, {name: replace(part, x=to_features(part.array, origins)) for name, part in parts}
    )


def _changed(splits: Splits, parts: Mapping[str, Split]) -> Splits:
    return replace(
        splits, train=parts["train"], validation=parts.get("validation"), test=parts["test"]
    )
