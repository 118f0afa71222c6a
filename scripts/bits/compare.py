"""Differences between what two commits left, by kind: values, names, and what is new."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from math import isnan
from typing import Any

import numpy as np

from .facts import Array, Facts, Named

_MAX_SHOWN = 4
_STRUCTURE = "model.keras layers"


class Kind(Enum):
    """What a difference means; only what is new is not one."""

    VALUES = "values"
    NAMES = "names"
    """Other paths, another order, or another structure around equal values."""
    NEW = "new"


@dataclass(frozen=True)
class Finding:
    kind: Kind
    text: str


def compare(before: Facts, after: Facts) -> list[Finding]:
    """Every difference; a command that fails is one, also where it did before."""
    findings = [Finding(Kind.VALUES, f"before: {each}") for each in before.failed]
    findings += [Finding(Kind.VALUES, f"after: {each}") for each in after.failed]
    for name, values in before.values.items():
        if name in after.values:
            findings += _compare_values(name, values, after.values[name])
    for name, named in before.arrays.items():
        if name in after.arrays:
            findings += _compare_arrays(name, named, after.arrays[name])
    for old, new in ((before.values, after.values), (before.arrays, after.arrays)):
        findings += _compare_keys("files", old, new)
    return findings


def _compare_keys(
    what: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Finding]:
    if gone := [key for key in before if key not in after]:
        yield Finding(Kind.VALUES, f"{what}: gone: {_some(gone)}")
    if new := [key for key in after if key not in before]:
        yield Finding(Kind.NEW, f"{what}: {_some(new)}")


def _compare_values(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Finding]:
    changed = {
        key: (value, after[key])
        for key, value in before.items()
        if key in after and repr(value) != repr(after[key])
    }
    shared = [key for key in after if key in before]
    if name == _STRUCTURE:
        if changed or before.keys() != after.keys():
            yield Finding(Kind.NAMES, f"{name}: {len(changed)} entries or more differ")
        return
    yield from _compare_keys(name, before, after)
    if shared != [key for key in before if key in after]:
        yield Finding(Kind.NAMES, f"{name}: the same keys in another order")
    if changed:
        shown = [f"{key}: {old!r} -> {new!r}" for key, (old, new) in changed.items()]
        yield Finding(Kind.VALUES, f"{name}: {_largest(changed)}{_some(shown)}")


def _largest(changed: Mapping[str, tuple[Any, Any]]) -> str:
    """How much numbers differ; nothing where there are none among the values."""
    pairs = ((_number(old), _number(new)) for old, new in changed.values())
    gaps = [abs(old - new) for old, new in pairs if old is not None and new is not None]
    finite = [gap for gap in gaps if not isnan(gap)]
    return f"{len(gaps)} numbers differ by up to {max(finite):.2g}; " if finite else ""


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _compare_arrays(name: str, before: Named, after: Named) -> Iterator[Finding]:
    old_bits, new_bits = ([_bits(array) for _, array in named] for named in (before, after))
    old_names, new_names = ([path for path, _ in named] for named in (before, after))
    if old_names == new_names:
        if old_bits != new_bits:
            yield Finding(Kind.VALUES, f"{name}: {_gap(before, after)}")
        return
    if Counter(old_bits) == Counter(new_bits):
        yield Finding(Kind.NAMES, f"{name}: equal values, {_renamed(before, after)}")
        return
    renamed = _renamed(before, after)
    same_shapes = [a.shape for _, a in before] == [a.shape for _, a in after]
    gap = f"{_gap(before, after)}; " if same_shapes else ""
    yield Finding(Kind.VALUES, f"{name}: {gap}{renamed}")


def _bits(array: Array) -> tuple[str, tuple[int, ...], bytes]:
    return array.dtype.str, array.shape, array.tobytes()


def _gap(before: Named, after: Named) -> str:
    """The arrays that differ, one beside the other, and where they differ the most."""
    pairs = [
        (path, old, new)
        for (path, old), (_, new) in zip(before, after, strict=True)
        if _bits(old) != _bits(new)
    ]
    text = f"{len(pairs)} of {len(before)} arrays differ"
    for path, old, new in pairs:
        if (old.dtype, old.shape) != (new.dtype, new.shape):
            return f"{text}: {path}: {old.dtype} {old.shape} -> {new.dtype} {new.shape}"
    if any(old.dtype.kind not in "biuf" for _, old, _ in pairs):
        return f"{text}: {_some([path for path, *_ in pairs])}"
    gaps = [float(np.abs(old.astype(float) - new.astype(float)).max()) for _, old, new in pairs]
    largest = int(np.argmax(gaps))
    return f"{text}, by up to {gaps[largest]:.2g} ({pairs[largest][0]})"


def _renamed(before: Named, after: Named) -> str:
    gone = list(Counter(path for path, _ in before) - Counter(path for path, _ in after))
    new = list(Counter(path for path, _ in after) - Counter(path for path, _ in before))
    if not gone and not new:
        return "the same paths in another order"
    return f"paths gone: {_some(gone) or 'none'}; new: {_some(new) or 'none'}"


def _some(texts: list[str]) -> str:
    more = len(texts) - _MAX_SHOWN
    return ", ".join(texts[:_MAX_SHOWN]) + (f" and {more} more" if more > 0 else "")
