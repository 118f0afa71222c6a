"""The target in arrays: its kind, its names, and its rows."""

from collections.abc import MutableMapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fmtool import class_names as naming
from fmtool.errors import DataError
from fmtool.notices import warn
from fmtool.targets import Label, Labels, Numbers, Target, TargetKind

CLASS_NAMES, TARGET_NAMES = "class_names", "target_names"
"""Arrays of strings: names of classes, and of classes or numbers."""

_NAMES_FIX = {
    CLASS_NAMES: "save numpy.array(names, dtype=str), a name for each label value in order",
    TARGET_NAMES: "save numpy.array(names, dtype=str), a name for each class or number in order",
}


def kind_of(y: NDArray[Any]) -> TargetKind:
    """The kind of target that an array is taken for where nothing else is said."""
    if y.dtype.kind == "f":
        return "numbers"
    if y.ndim != 2 or y.shape[1] < 2 or y.dtype.kind not in "biu":
        return "label"
    if not ((y == 0) | (y == 1)).all():
        raise DataError(
            f"y is {y.dtype} {y.shape} and not zeros and ones alone: what it is cannot be told",
            fix="set data.target=numbers, or give one class number for each sample",
        )
    return "labels"


def target_of(
    y: NDArray[Any], wanted: Literal["auto"] | TargetKind, names: Sequence[str] | None
) -> Target:
    """The target of the training samples.

    Args:
        y: (n,), or (n, k), as it is given.
        names: of classes or numbers; None for 0, 1, ... or y0, y1, ...

    Raises DataError where there are other names than `y` has columns.
    """
    kind = kind_of(y) if wanted == "auto" else wanted
    if kind == "label":
        # Labels that are numbered without a gap are all smaller than there are different ones.
        return Label(tuple(names or map(str, range(len(np.unique(y))))))
    if y.ndim not in (1, 2):
        raise DataError(
            f"y of train is {y.dtype} {y.shape}, expected (n,) or (n, k)",
            fix="give each sample one row of a fixed width",
        )
    width = 1 if y.ndim == 1 else y.shape[1]
    if names is not None and len(names) != width:
        raise DataError(
            f"{len(names)} names for the {width} columns of y", fix="name each column, in order"
        )
    found = tuple(names or (f"y{place}" for place in range(width)))
    if kind == "numbers":
        return Numbers(found, (width,))
    if width > 1 and (y.sum(axis=1) == 1).all():
        warn(
            "each sample has exactly one of the classes of y; for one class for each sample, save "
            "y.argmax(axis=1)"
        )
    return Labels(found)


def take_names(
    arrays: MutableMapping[str, Any], stated: Sequence[str] | None
) -> tuple[str, ...] | None:
    """Takes the names of the target out of the arrays of a file; None where nothing names them.

    Args:
        stated: those of `data.target_names`.

    Raises DataError for names that cannot be, or that differ.
    """
    found = {key: texts(key, arrays.pop(key, None), fix) for key, fix in _NAMES_FIX.items()}
    given = {key: names for key, names in found.items() if names is not None}
    if stated is not None:
        given["data.target_names"] = tuple(map(naming.written, stated))
    for key, names in given.items():
        _require_different(key, names)
    if not given:
        return None
    # A file knows the order of its own columns.
    (first, names), *others = given.items()
    for other, its_names in others:
        if set(its_names) != set(names):
            raise DataError(
                f"{first} are {', '.join(names)}, but {other} {', '.join(its_names)}",
                fix="name them once, or alike",
            )
    return names


def _require_different(key: str, names: Sequence[str]) -> None:
    fix = _NAMES_FIX.get(key, "name each once")
    if len(set(names)) < len(names):
        raise DataError(f"{len(names)} {key}, {len(set(names))} different", fix=fix)
    for group in naming.spellings(dict.fromkeys(names, 0)):
        said = " and ".join(f"'{name}'" for name in group)
        raise DataError(f"{key}: {said} are spellings of one class", fix=fix)


def texts(what: str, values: Any, fix: str) -> tuple[str, ...] | None:
    """The strings of an array that is called `what`; DataError for anything else."""
    if values is None:
        return None
    if values.ndim != 1 or values.dtype.kind != "U":
        raise DataError(f"{what} are {values.dtype} {values.shape}, expected strings", fix=fix)
    names = tuple(naming.written(str(name)) for name in values)
    for name in names:
        if not name or not name.isprintable():
            raise DataError(f"{what}: name {name!r} is empty or not printable", fix=fix)
    return names
