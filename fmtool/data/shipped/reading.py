"""The files of the small data sets that come with fmtool, read and checked."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool.data.base import SetInfo
from fmtool.data.reading.local import HeldOutConfig
from fmtool.errors import DataError
from fmtool.notices import note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fmtool.data.splitting.splits import Splits

REINSTALL = "reinstall fmtool"


def file_of(name: str) -> Path:
    """The path of a file that lies beside this module."""
    return Path(__file__).with_name(name)


def read_numbers(path: Path, *, delimiter: str | None, skipped: int = 0) -> "NDArray[Any]":
    """The float64 table (rows, columns) in a text file; DataError for one that is damaged.

    Args:
        delimiter: None for spaces.
        skipped: lines above the table.
    """
    import numpy as np

    try:
        return np.loadtxt(path, delimiter=delimiter, skiprows=skipped, ndmin=2)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: unreadable ({str(error)[:80]})", fix=REINSTALL) from error


def to_splits(
    cfg: HeldOutConfig, info: SetInfo, x: "NDArray[Any]", values: "NDArray[Any]", sha256: str
) -> "Splits":
    """`Splits` of rows of numbers, a share or fold of them held out for testing.

    Args:
        x: float64 (n, columns).
        values: what each row has of the target, as `converted` takes it.
        sha256: hex, of both as float64.

    Raises:
        DataError: they are not what they were when fmtool was made.
        UsageError: see `local_splits.train_and_test`.
    """
    from dataclasses import replace

    import numpy as np

    from fmtool.data.splitting import local_splits
    from fmtool.data.splitting.number_splits import COLUMNS
    from fmtool.data.splitting.splits import Split
    from fmtool.elements import Features

    content = hashlib.sha256(x.astype("<f8").tobytes() + values.astype("<f8").tobytes())
    if content.hexdigest() != sha256:
        raise DataError(
            f"data={info.name} has SHA-256 {content.hexdigest()[:12]}, expected {sha256[:12]}",
            fix=REINSTALL,
        )
    y = info.target.converted(values, split="train")
    splits = local_splits.to_splits(
        cfg,
        info.target,
        {"train": Split(np.ascontiguousarray(x), y)},
        element=Features((x.shape[1],)),
        origin=info.name,
        is_held=False,
    )
    note(f"{info.name}: {len(x):,} rows of {x.shape[1]} numbers {info.target.beside_samples()}")
    return replace(splits, facts={COLUMNS: list(info.columns)})
