"""A data set as a run uses it: read, split by the run's seed, and fitted on what is trained on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fmtool.data.base import DataConfig, option
from fmtool.data.splitting.measured import Measured
from fmtool.data.splitting.selection import Selection, selection_of
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Record
from fmtool.errors import DataError
from fmtool.runs.sameness import DataRead


@dataclass(frozen=True)
class Data:
    """A data set and which of its training rows a run trains and validates on."""

    splits: Splits
    selection: Selection

    @property
    def validation(self) -> tuple[Split, NDArray[np.int32]] | None:
        """The split validated on and its rows, None for no validation."""
        own = self.splits.validation
        if own is not None:
            return own, np.arange(len(own), dtype=np.int32)
        if len(self.selection.validation):
            return self.splits.train, self.selection.validation
        return None

    def read(self, *, with_selection: bool) -> DataRead:
        """The digests, counts and target that tell whether these are the data of a run.

        Args:
            with_selection: whether it matters which samples are trained and validated on.
        """
        return DataRead(
            digest=self.splits.digest,
            selection=self.selection.digest if with_selection else None,
            samples={name: len(part) for name, part in self.splits.parts.items()},
            target=self.splits.target,
        )


def how_to_mean_it(cfg: DataConfig) -> str:
    """The words to type for the data of `cfg`, whatever a run was made of."""
    path = getattr(cfg, "path", None)
    word = f"data={cfg.name}" if path is None else f"data.path={path}"
    return f"type {word} if you mean these"


def load(cfg: DataConfig, *, seed: int, artifacts: Mapping[str, str] | None = None) -> Data:
    """Needs no Keras; may download.

    Args:
        artifacts: of a run, to make its samples again; None to fit anew.

    Raises:
        DataError: the data are not sound.
        UsageError: the settings leave nothing to train or validate on.
        Unavailable: they cannot be had.
    """
    own = option(cfg.name)
    splits = own.load(cfg)
    _check_targets(splits)
    selection = selection_of(splits, cfg, seed=seed)
    if artifacts is not None and own.restore is not None:
        splits = own.restore(cfg, splits, artifacts)
    elif own.fit is not None:
        splits = own.fit(cfg, splits, selection.train)
    _check_records(splits)
    return Data(splits, selection)


def load_measured(cfg: DataConfig, measured: Measured, *, artifacts: Mapping[str, str]) -> Splits:
    """Samples that the model of a run is measured on, as a test split.

    Args:
        measured: which ones; says afterwards what was found.
        artifacts: of the run.

    Raises as `load`; DataError for a class that the run has not.
    """
    own = option(cfg.name)
    assert own.load_measured is not None, "whoever asks has looked"
    splits = own.load_measured(cfg, measured)
    _check_targets(splits)
    if own.restore is not None:
        splits = own.restore(cfg, splits, artifacts)
    _check_records(splits)
    return splits


def _check_targets(splits: Splits) -> None:
    for name, split in splits.parts.items():
        splits.target.check(split.y, split=name)


def _check_records(splits: Splits) -> None:
    """DataError for samples that are not records of the element, as many as there are targets."""
    if isinstance(splits.element, Record):
        for name, split in splits.parts.items():
            _check_fields(splits.element, split, f"data={splits.name}: {name}")


def _check_fields(element: Record, split: Split, place: str) -> None:
    fix = "give each field of the element one array, of its dtype, with a row for each target"
    if not isinstance(split.x, Mapping) or set(split.x) != set(element.fields):
        found = ", ".join(split.x) if isinstance(split.x, Mapping) else "one array"
        raise DataError(f"{place} has {found}, the element {', '.join(element.fields)}", fix=fix)
    for field, wanted in element.fields.items():
        shape, dtype = tuple(split.x[field].shape), str(split.x[field].dtype)
        expected = len(split), *wanted.shape
        if (shape, dtype) != (expected, wanted.dtype):
            raise DataError(
                f"{place}: field '{field}' is {dtype} {shape}, expected {wanted.dtype} {expected}",
                fix=fix,
            )
