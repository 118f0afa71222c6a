"""Draws the training and validation samples of a run, a pure function of targets and settings."""

import hashlib
import math
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from fmtool.data.base import DataConfig
from fmtool.data.splitting.splits import Splits
from fmtool.errors import UsageError
from fmtool.notices import counted


class _Purpose(IntEnum):
    """Keeps the draws of one seed independent. Never renumber: it would change every run."""

    SUBSET = 1
    VALIDATION = 2
    TEST = 3
    FOLDS = 4


@dataclass(frozen=True)
class Selection:
    """The rows of the training split that are trained and validated on.

    Args:
        train: int32 row numbers, ascending.
        validation: int32 row numbers, ascending, none of them in `train`.
        digest: hex SHA-256 of both.
    """

    train: NDArray[np.int32]
    validation: NDArray[np.int32]
    digest: str


def selection_of(splits: Splits, cfg: DataConfig, *, seed: int) -> Selection:
    """The rows that a run with this config and seed uses; `select` says what is raised.

    Nothing is held out of the training split where the set has a validation split of its own.
    """
    return select(
        splits.target.strata(splits.train.y),
        strata_count=splits.target.strata_count,
        validation_fraction=0.0 if splits.validation else cfg.validation_fraction,
        fraction=cfg.fraction,
        limit=cfg.limit,
        seed=seed,
    )


def select(
    strata: NDArray[np.int32],
    *,
    strata_count: int,
    validation_fraction: float,
    fraction: float,
    limit: int | None,
    seed: int,
) -> Selection:
    """Takes a subset with the same shares of strata, then the validation part of it.

    Args:
        strata: int32 (n,), the stratum of each row in [0, strata_count), see `targets`.

    Raises:
        UsageError: nothing would be left to train on, or to validate on though asked for.
    """
    wanted = _round(len(strata) * fraction)
    size = wanted if limit is None else min(wanted, limit)
    validation_size = _round(size * validation_fraction)
    _require_samples(size, validation_size, total=len(strata), fraction=validation_fraction)
    everything = np.arange(len(strata), dtype=np.int32)
    used = _draw(everything, strata, strata_count, size, _key(seed, _Purpose.SUBSET))
    key = _key(seed, _Purpose.VALIDATION)
    validation = _draw(used, strata, strata_count, validation_size, key)
    train = np.setdiff1d(used, validation, assume_unique=True)
    return Selection(train, validation, _digest(train, validation))


def held_out_for_test(
    strata: NDArray[np.int32], *, strata_count: int, fraction: float
) -> NDArray[np.int32]:
    """Row numbers, ascending: the share that tests a data set without a test split of its own.

    The seed of a run has no part in it, so that runs are measured on the same samples.
    """
    everything = np.arange(len(strata), dtype=np.int32)
    size = _round(len(strata) * fraction)
    return _draw(everything, strata, strata_count, size, _key(0, _Purpose.TEST))


def fold_for_test(strata: NDArray[np.int32], *, folds: int, fold: int) -> NDArray[np.int32]:
    """Row numbers, ascending: one of `folds` parts of equal size and shares of each stratum.

    Every row is in exactly one of them. The seed of a run has no part in it either.
    """
    places = np.random.Philox(key=_key(0, _Purpose.FOLDS)).random_raw(len(strata))
    # Dealt out like cards, stratum after stratum, so that no two parts differ by more than one.
    return np.sort(np.lexsort((places, strata))[fold::folds]).astype(np.int32)


def _require_samples(size: int, validation_size: int, *, total: int, fraction: float) -> None:
    if size < 1:
        raise UsageError(
            f"data.fraction leaves none of the {total} training samples", fix="raise data.fraction"
        )
    if fraction and not validation_size:
        raise UsageError(
            f"data.validation_fraction={fraction} of {counted(size, 'sample')} leaves none to "
            "validate on",
            fix="raise data.validation_fraction, data.limit or data.fraction, "
            "or set data.validation_fraction=0",
        )
    if validation_size >= size:
        raise UsageError(
            f"data.validation_fraction={fraction} of {counted(size, 'sample')} leaves none to "
            "train on",
            fix="lower data.validation_fraction, or raise data.limit or data.fraction",
        )


def _draw(
    rows: NDArray[np.int32],
    strata: NDArray[np.int32],
    strata_count: int,
    size: int,
    key: NDArray[np.uint64],
) -> NDArray[np.int32]:
    """`size` of the `rows`, ascending, each stratum in proportion.

    A row's place in the draw depends on its number, not on which other rows there are. Raw Philox
    words are used because NumPy keeps them the same for ever, unlike `Generator.permutation`.
    """
    places = np.random.Philox(key=key).random_raw(len(strata))[rows]
    own = strata[rows]
    order = np.lexsort((places, own))
    counts = np.bincount(own, minlength=strata_count)
    starts = np.cumsum(counts) - counts
    rank = np.arange(len(rows)) - np.repeat(starts, counts)
    taken = rank < np.repeat(_quotas(counts, size), counts)
    return np.sort(rows[order[taken]])


def _quotas(counts: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """`size` shared out in proportion to `counts` by largest remainder, ties to the lower."""
    total = int(counts.sum())
    quotas = counts * size // total
    remainders = counts * size % total
    largest = np.argsort(-remainders, kind="stable")[: size - int(quotas.sum())]
    quotas[largest] += 1
    return quotas


def _key(seed: int, purpose: _Purpose) -> NDArray[np.uint64]:
    return np.array([seed, purpose], dtype=np.uint64)


def _round(value: float) -> int:
    """Half goes up: Python's `round` would take 0.5 samples as none and 1.5 as two."""
    return math.floor(value + 0.5)


def _digest(train: NDArray[np.int32], validation: NDArray[np.int32]) -> str:
    digest = hashlib.sha256()
    for rows in (train, validation):
        digest.update(len(rows).to_bytes(8, "little"))
        digest.update(rows.astype("<i4").tobytes())
    return digest.hexdigest()
