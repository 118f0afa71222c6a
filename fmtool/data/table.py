"""The user's own rows of numbers: a table with a column for each, and one of what is learnt."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, model_validator

from fmtool.data.reading.local import LocalConfig, existing, log_summary
from fmtool.data.reading.table_style import NumberTableConfig
from fmtool.data.reading.target_columns import TargetConfig

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fmtool.data.reading.number_columns import Columns
    from fmtool.data.splitting.measured import Measured
    from fmtool.data.splitting.splits import Split, Splits
    from fmtool.targets import Target

KIND: Literal["features"] = "features"

_Names = list[Annotated[str, Field(min_length=1)]]


class Config(LocalConfig, NumberTableConfig, TargetConfig):
    name: Literal["table"]
    columns: Annotated[_Names, Field(min_length=1)] | None
    """Those to learn from; None for all others."""
    ignore_columns: list[str]
    """A column without a name is one too."""
    label_column: Annotated[str, Field(min_length=1)] | None
    split_column: Annotated[str, Field(min_length=1)] | None

    @model_validator(mode="after")
    def _columns_are_said_once(self) -> "Config":
        if self.columns is not None and self.ignore_columns:
            raise ValueError("columns says all; leave out data.ignore_columns")
        return self


def load(cfg: Config) -> "Splits":
    """Rows of float64 as they are written; `fit` and `restore` make float32 of them.

    Raises:
        DataError: a row, which is named by file and line, cannot be used.
        OutOfMemory: the table does not fit into memory.
    """
    from fmtool.data.reading.number_rows import read_number_table
    from fmtool.data.reading.problems import stop

    path = existing(cfg.path)
    found = read_number_table(path, columns_of(cfg), cfg.style, stop)
    splits = _splits(cfg, found.target, found.parts, found.columns)
    log_summary(splits, f"rows of {len(found.columns)} numbers", path)
    return splits


def load_measured(cfg: Config, measured: "Measured") -> "Splits":
    """The rows that are to be measured, as a test split; see `load`."""
    import numpy as np

    from fmtool.data.reading.number_rows import read_number_table
    from fmtool.data.reading.problems import stop
    from fmtool.data.splitting.splits import Split

    columns, known = columns_of(cfg), measured.target
    target = columns.target._replace(kind=known.kind)
    found = read_number_table(
        existing(cfg.path), columns._replace(target=target), cfg.style, stop, known=known
    )
    taken = measured.choose({split: len(part) for split, part in found.parts.items()})
    parts = [found.parts[split] for split in taken]
    whole = Split(
        np.concatenate([part.array for part in parts]),
        np.concatenate([part.y for part in parts]),
        np.concatenate([part.sample_names for part in parts]),
    )
    return _splits(cfg, known, {"train": whole.take(np.arange(1)), "test": whole}, found.columns)


def fit(cfg: Config, splits: "Splits", rows: "NDArray[np.int32]") -> "Splits":
    """Numbers as float32 by the training samples of `rows`; see `number_splits.fit`."""
    from fmtool.data.splitting import number_splits

    return number_splits.fit(splits, rows)


def restore(cfg: Config, splits: "Splits", artifacts: Mapping[str, str]) -> "Splits":
    """Numbers as float32 as in a run, columns by their names; see `number_splits.restore`."""
    from fmtool.data.splitting import number_splits

    return number_splits.restore(splits, artifacts, origin=cfg.path)


def columns_of(cfg: Config) -> "Columns":
    """The columns that the keys name."""
    from fmtool.data.reading.number_columns import Columns

    return Columns(
        None if cfg.columns is None else tuple(cfg.columns),
        tuple(cfg.ignore_columns),
        cfg.label_column,
        cfg.split_column,
        cfg.columns_of_target(),
    )


def _splits(
    cfg: Config, target: "Target", parts: "Mapping[str, Split]", columns: tuple[str, ...]
) -> "Splits":
    from fmtool.data.reading.features import to_numbers
    from fmtool.data.splitting.local_splits import to_splits
    from fmtool.data.splitting.splits import Split
    from fmtool.elements import Features

    checked = {
        split: Split(to_numbers(part.array, f"{cfg.path}: rows of {split}"), part.y, part.names)
        for split, part in parts.items()
    }
    splits = to_splits(
        cfg, target, checked, element=Features((len(columns),)), origin=cfg.path, is_held=False
    )
    return replace(splits, facts={"columns": list(columns)})
