"""Finds the arrays of samples and of targets in a file by their names, in whatever way they split.

`x` and `y` are all samples and what is learnt of them. With a split they are `x_train` or
`train_x`, and so on; `val` and `valid` stand for validation.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

from numpy.typing import NDArray

from fmtool.data.reading.array_targets import CLASS_NAMES, TARGET_NAMES
from fmtool.data.splitting.split_names import ALIASES, SPLITS, split_called
from fmtool.errors import DataError
from fmtool.notices import note
from fmtool.suggest import did_you_mean

COLUMNS = "columns"
"""An array of the names of features."""

_SAMPLES = (
    "x",
    "images",
    "image",
    "imgs",
    "samples",
    "data",
    "features",
    "inputs",
    "sequences",
    "arr_0",
)
_TARGETS = ("y", "labels", "label", "targets", "target", "classes", "outputs", "arr_1")
"""Usual names, in lower case."""


class Names(NamedTuple):
    """The names of the arrays, without the split that they are of."""

    x: str = "x"
    y: str = "y"


class Pair(NamedTuple):
    """The arrays of a split that are there."""

    x: str | None
    y: str | None


def pairs_of(found: Collection[str], names: Names) -> dict[str, Pair]:
    """The arrays of each split that has one; `x` and `y` alone are the training split.

    Raises DataError where a split has two arrays of samples, or of targets.
    """
    if names.x in found:
        return {"train": Pair(names.x, names.y if names.y in found else None)}
    pairs = {}
    for split in SPLITS:
        pair = Pair(*(_one_of(_spelled(base, split), found) for base in names))
        if pair.x or pair.y:
            pairs[split] = pair
    return pairs


def by_split(
    arrays: Mapping[str, Any], names: Names, *, needs_train: bool
) -> dict[str, tuple[Any, NDArray[Any]]]:
    """Samples and targets of each split that is there.

    Raises DataError for an array that is missing, and for one that is none of these.
    """
    pairs = pairs_of(arrays, names)
    _require_known(arrays, names, {name for pair in pairs.values() for name in pair if name})
    if needs_train:
        pairs.setdefault("train", Pair(None, None))
    for split, pair in pairs.items():
        for name, base in zip(pair, names, strict=True):
            if name is None:
                missing = base if names.x in arrays else f"{base}_{split}"
                raise DataError(
                    f"no array '{missing}'; found {', '.join(arrays) or 'none'}",
                    fix="save samples as x or x_train, and labels as y or y_train, or name them "
                    "by data.x and data.y",
                )
    there = {split: pairs[split] for split in SPLITS if split in pairs}
    return {split: (arrays[x], arrays[y]) for split, (x, y) in there.items() if x and y}


def _require_known(arrays: Mapping[str, Any], names: Names, taken: Collection[str]) -> None:
    """Names arrays that are not read; DataError for one that may be meant as one of the others."""
    unknown = [name for name in arrays if name not in taken]
    others = guessed(arrays)
    if unknown and not taken and others is not None:
        raise DataError(
            f"unknown array '{unknown[0]}'; found {', '.join(arrays)}",
            fix=f"set data.x={others.x} data.y={others.y}",
        )
    accepted = [*names, *(f"{base}_{split}" for base in names for split in SPLITS)]
    known = [*accepted, CLASS_NAMES, COLUMNS, TARGET_NAMES]
    for name in unknown:
        if get_close_matches(name, known, n=1) or not taken:
            raise DataError(f"unknown array '{name}'", fix=did_you_mean(name, known))
    if unknown:
        note(f"arrays that are not read: {', '.join(unknown)}")


def spelled(names: Names) -> list[str]:
    """Every name that an array of samples or targets may have."""
    of_splits = (name for base in names for split in SPLITS for name in _spelled(base, split))
    return [*names, *of_splits]


def guessed(found: Collection[str]) -> Names | None:
    """Usual names, others than `x` and `y`, by which all arrays can be told; None for none."""
    bases = {base for name in found if (base := _base(name))}
    for x in _usual(bases, _SAMPLES):
        for y in _usual(bases, _TARGETS):
            if (x, y) != Names() and are_whole(found, Names(x, y)):
                return Names(x, y)
    return None


def are_whole(found: Collection[str], names: Names) -> bool:
    """True where there is a training split, and each split has both arrays."""
    try:
        pairs = pairs_of(found, names)
    except DataError:
        return False
    return "train" in pairs and all(pair.x and pair.y for pair in pairs.values())


def _usual(bases: Collection[str], usual: Sequence[str]) -> list[str]:
    """Those with a usual name, the most usual first."""
    there = sorted(base for base in bases if base.lower() in usual)
    return sorted(there, key=lambda base: usual.index(base.lower()))


def _base(name: str) -> str:
    """The name without the split that it begins or ends with."""
    first, _, rest = name.partition("_")
    if rest and split_called(first.lower()):
        return rest
    start, _, last = name.rpartition("_")
    return start if start and split_called(last.lower()) else name


def _spelled(base: str, split: str) -> Iterator[str]:
    for word in (split, *(alias for alias, meant in ALIASES.items() if meant == split)):
        yield f"{base}_{word}"
        yield f"{word}_{base}"


def _one_of(names: Iterator[str], found: Collection[str]) -> str | None:
    there = [name for name in names if name in found]
    if len(there) > 1:
        raise DataError(f"arrays {' and '.join(there)} of one split", fix="leave one of them out")
    return there[0] if there else None
