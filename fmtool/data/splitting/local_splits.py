"""Turns the samples and targets of a data set on the user's own disk into `Splits`."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.reading.features import as_given
from fmtool.data.reading.local import HeldOutConfig
from fmtool.data.reading.time_left import TimeLeft
from fmtool.data.samples.images import is_in_memory
from fmtool.data.samples.read_ahead import read_blocks
from fmtool.data.splitting.selection import fold_for_test, held_out_for_test
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import WHAT, Element
from fmtool.errors import DataError, UsageError
from fmtool.notices import counted
from fmtool.targets import Target


def to_splits(
    cfg: HeldOutConfig,
    target: Target,
    parts: Mapping[str, Split],
    *,
    element: Element,
    origin: str,
    is_held: bool,
) -> Splits:
    """`Splits` of the parts `train`, and `validation` and `test` where they are there.

    Without a part `test` one is held out of `train`, see `train_and_test`. Every sample is
    read once: it is known to be sound, and the digest is the same wherever the samples lie.

    Args:
        is_held: whether samples that are read on access are kept in memory from then on.

    Raises:
        DataError: nothing of a class would be left to train on, or nothing to test on, or a sample
            cannot be read.
    """
    train, test = train_and_test(cfg, target, parts, origin=origin)
    count = sum(len(part) for part in parts.values())
    what = (
        f"{cfg.name}: all {count:,} {WHAT[element.kind]} are read once, to find what is wrong "
        "before the training"
    )
    reading = _Reading(target, TimeLeft(what, count), element, is_held=is_held)
    train = reading.read("train", train)
    validation = parts.get("validation")
    if validation is None:
        reading.skip("validation")
    else:
        validation = reading.read("validation", validation)
    test = reading.read("test", test)
    return Splits(
        name=cfg.name,
        train=train,
        test=test,
        target=target,
        digest=reading.digest.hexdigest(),
        element=element,
        validation=validation,
        names=names_of({"train": train, "validation": validation, "test": test}),
    )


def names_of(parts: Mapping[str, Split | None]) -> dict[str, NDArray[Any]]:
    """The names of the samples by split, as `Splits` keeps them."""
    return {name: part.sample_names for name, part in parts.items() if part is not None}


def train_and_test(
    cfg: HeldOutConfig, target: Target, parts: Mapping[str, Split], *, origin: str
) -> tuple[Split, Split]:
    """The part `test`, or the fold or share of `train` that `cfg` says, and what to train on.

    Which rows depends on the target alone, so that every run is measured on the same ones.

    Raises:
        DataError: nothing of a class would be left to train on, or nothing to test on.
        UsageError: folds of a set that has a test split.
    """
    train, test = parts["train"], parts.get("test")
    if test is not None:
        if cfg.folds is not None:
            raise UsageError(
                f"data.folds={cfg.folds}, but {origin} has a test split",
                fix="data.folds=null data.fold=0",
            )
        return train, test
    if cfg.folds is not None:
        rows = fold_for_test(target.strata(train.y), folds=cfg.folds, fold=cfg.fold)
    else:
        rows = held_out_for_test(
            target.strata(train.y),
            strata_count=target.strata_count,
            fraction=cfg.test_fraction,
        )
    kept = np.delete(np.arange(len(train), dtype=np.int32), rows)
    train, test = train.take(kept), train.take(rows)
    _require_samples(train, test, target, cfg, origin)
    return train, test


class _Reading:
    """Hashes the target and the shape and content of every array, one after the other."""

    def __init__(
        self, target: Target, time_left: TimeLeft, element: Element, *, is_held: bool
    ) -> None:
        self.digest = hashlib.sha256(json.dumps(target.identity()).encode())
        self._target = target
        self._time_left, self._is_held = time_left, is_held
        self._are_numbers = element.kind == "features"

    def read(self, part: str, split: Split) -> Split:
        """The split, with its samples in memory if they are to be held."""
        self.digest.update(json.dumps([part, split.array.shape]).encode())
        held = None
        if self._is_held and not is_in_memory(split.array):
            held = np.empty(split.array.shape, split.array.dtype)
        start = 0
        for block in read_blocks(split.array):
            content = as_given(block) if self._are_numbers else block
            self.digest.update(content.reshape(-1).data)
            if held is not None:
                held[start : start + len(block)] = block
            start += len(block)
            self._time_left.step(len(block))
        self.digest.update(self._target.content(split.y))
        return split if held is None else Split(held, split.y, split.names)

    def skip(self, part: str) -> None:
        self.digest.update(json.dumps([part, None]).encode())


def _require_samples(
    train: Split, test: Split, target: Target, cfg: HeldOutConfig, origin: str
) -> None:
    is_folded = cfg.folds is not None
    missing = target.missing(train.y)
    if missing:
        count = target.counts(test.y)[target.names.index(missing[0])]
        change = "raise data.folds" if is_folded else "lower data.test_fraction"
        raise DataError(
            f"{origin}: class '{missing[0]}': {count} of {count} drawn to the test split",
            fix=f"{change}, add samples, or give a test split",
        )
    if not len(test):
        share = f"folds={cfg.folds}" if is_folded else f"test_fraction={cfg.test_fraction}"
        change = "lower data.folds" if is_folded else "raise data.test_fraction"
        raise DataError(
            f"{origin}: data.{share} of {counted(len(train), 'sample')} leaves none to test",
            fix=f"{change}, or give a test split",
        )
