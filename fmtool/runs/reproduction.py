"""The distance of a run from an earlier one: every bit, every score, or where it left it.

Levels of repeatability: on the same machine with the same versions and threads a CPU repeats every
bit; another thread count, processor or version rounds otherwise and only scores stay close.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from zipfile import BadZipFile

from fmtool.errors import DataError
from fmtool.runs import annotations
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.layout import RunPaths
from fmtool.runs.result import read_result
from fmtool.runs.strict_json import finite, read_object
from fmtool.runs.upgrade import NEW_FIGURES

EQUAL, CLOSE, DIFFERENT = "equal", "close", "different"
VERDICTS = (DIFFERENT, CLOSE, EQUAL)
"""From worst to best."""

_DATA = "data_digest"
_TIMES = frozenset({"seconds", "samples_per_second", "images_per_second"})
"""Fields of a row that tell how fast it came about."""

if TYPE_CHECKING:
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[Any]"
Scores: TypeAlias = Mapping[str, float | None]


@dataclass(frozen=True)
class Difference:
    """A value that is not what it was.

    Args:
        where: the file, below the run directory.
        row: of metrics.jsonl, from 1.
        key: of the checkpoint's arrays.
        field: of the row or file; the index of an element of an array.
    """

    where: str
    field: str
    was: Any
    now: Any
    row: int | None = None
    key: str | None = None

    def __str__(self) -> str:
        row = "" if self.row is None else f" row {self.row}"
        key = "" if self.key is None else f" {self.key}"
        return f"{self.where}{row}{key} {self.field}: {self.was} then, {self.now} now"

    def to_json(self) -> dict[str, Any]:
        document = asdict(self)
        document["is"] = document.pop("now")
        plain: dict[str, Any] = finite(document)[0]
        return plain


@dataclass(frozen=True)
class Comparison:
    verdict: str
    first: Difference | None
    """None if the runs are equal."""


def compare(was: RunPaths, now: RunPaths, *, arrays: str, tolerance: float) -> Comparison:
    """Two finished runs; DataError where a file of theirs cannot be read.

    Args:
        arrays: the file of a checkpoint that holds the state, an .npz.
        tolerance: how far, in absolute terms, a score of the test report may be off to be close.
    """
    first = next(
        chain(
            _in_manifest(was, now),
            _in_metrics(was, now),
            _in_checkpoint(was, now, arrays),
            _in_report(was, now),
        ),
        None,
    )
    if first is None:
        return Comparison(EQUAL, None)
    scores = _scores(was, now)
    return Comparison(CLOSE if _are_close(*scores, tolerance) else DIFFERENT, first)


def compare_data(was: RunPaths, data_digest: str) -> Comparison | None:
    """The differences of the data, by which the runs must differ: known before any training."""
    then = read_object(was.manifest).get(_DATA)
    if then == data_digest:
        return None
    return Comparison(DIFFERENT, Difference(was.manifest.name, _DATA, then, data_digest))


def _in_manifest(was: RunPaths, now: RunPaths) -> Iterator[Difference]:
    then, today = read_object(was.manifest), read_object(now.manifest)
    for field in (_DATA, "selection_digest"):
        if then.get(field) != today.get(field):
            yield Difference(was.manifest.name, field, then.get(field), today.get(field))


def _in_metrics(was: RunPaths, now: RunPaths) -> Iterator[Difference]:
    name = was.metrics.name
    before, after = _rows(was.metrics), _rows(now.metrics)
    for number, (old, new) in enumerate(zip(before, after, strict=False), start=1):
        for field in old | new:
            # By their spelling, because in Python 0.0, -0.0 and False are equal.
            if field not in _TIMES and repr(old.get(field)) != repr(new.get(field)):
                yield Difference(name, field, old.get(field), new.get(field), row=number)
    if len(before) != len(after):
        yield Difference(name, "rows", len(before), len(after))


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    if not all(isinstance(row, dict) for row in rows):
        raise DataError(f"cannot read {path}: a line is not a row of metrics")
    return rows


def _in_checkpoint(was: RunPaths, now: RunPaths, arrays: str) -> Iterator[Difference]:
    new = _last_checkpoint(now)
    if annotations.read(was.annotations).pruned and not _has_checkpoints(was):
        yield Difference(was.checkpoints.name, "last", None, new.name)
        return
    old = _last_checkpoint(was)
    if old.name != new.name:
        yield Difference(was.checkpoints.name, "last", old.name, new.name)
        return
    where = f"{was.checkpoints.name}/{old.name}/{arrays}"
    before, after = _arrays(old / arrays), _arrays(new / arrays)
    for key in sorted({*before, *after}):
        if key in before and key in after:
            yield from _in_array(where, key, before[key], after[key])
        else:
            yield Difference(where, "present", key in before, key in after, key=key)


def _arrays(path: Path) -> dict[str, Array]:
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            return dict(archive)
    except (OSError, ValueError, EOFError, BadZipFile) as error:
        raise DataError(f"cannot read {path}: {error}") from error


def _has_checkpoints(paths: RunPaths) -> bool:
    return CheckpointStore(paths.checkpoints, keep=1).last is not None


def _last_checkpoint(paths: RunPaths) -> Path:
    last = CheckpointStore(paths.checkpoints, keep=1).latest_valid()
    if last is None:
        raise DataError(f"there is no checkpoint in {paths.checkpoints}")
    return last


def _in_array(where: str, key: str, old: Array, new: Array) -> Iterator[Difference]:
    import numpy as np

    for field in ("dtype", "shape"):
        was, now = str(getattr(old, field)), str(getattr(new, field))
        if was != now:
            yield Difference(where, field, was, now, key=key)
            return
    # As bytes, because NaN is not equal to itself and 0.0 is equal to -0.0.
    size = old.dtype.itemsize
    before = np.frombuffer(old.tobytes(), np.uint8).reshape(-1, size)
    after = np.frombuffer(new.tobytes(), np.uint8).reshape(-1, size)
    changed = np.flatnonzero((before != after).any(axis=1))
    if len(changed):
        index = np.unravel_index(int(changed[0]), old.shape)
        field = str([int(each) for each in index])
        yield Difference(where, field, _element(old[index]), _element(new[index]), key=key)


def _element(value: Any) -> float | int | bool | str:
    """As JSON has it; what NumPy itself does not know, such as bfloat16, in hexadecimal."""
    plain = value.item()
    return plain if isinstance(plain, float | int | bool) else str(value.tobytes().hex())


def _in_report(was: RunPaths, now: RunPaths) -> Iterator[Difference]:
    old, new = _scores(was, now)
    for field in {**old, **new}:
        if repr(old.get(field)) != repr(new.get(field)):
            yield Difference(was.result.name, field, old.get(field), new.get(field), key="metrics")


def _scores(was: RunPaths, now: RunPaths) -> tuple[Scores, Scores]:
    """The test reports, as far as they mean the same in both and an earlier one has them."""
    results = read_result(was.result), read_result(now.result)
    old, new = (each.metrics for each in results)
    if results[0].is_of_0_1_0 != results[1].is_of_0_1_0:
        names = [name for name in old if name in new and not name.endswith("_macro")]
        return {name: old[name] for name in names}, {name: new[name] for name in names}
    return old, {name: new[name] for name in new if name in old or name not in NEW_FIGURES}


def _are_close(old: Scores, new: Scores, tolerance: float) -> bool:
    if old.keys() != new.keys():
        return False
    pairs = ((old[name], new[name]) for name in old)
    return all(
        was == now if was is None or now is None else abs(was - now) <= tolerance
        for was, now in pairs
    )
