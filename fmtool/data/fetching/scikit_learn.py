"""Reads the small data sets that scikit-learn is installed with."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fmtool.data.base import SetInfo
from fmtool.data.reading.local import HeldOutConfig
from fmtool.errors import DataError, UsageError
from fmtool.notices import note

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fmtool.data.splitting.splits import Splits

REINSTALL = "reinstall scikit-learn"


def file_of(set_name: str, file: str) -> Path:
    """The path of a data file of scikit-learn's; UsageError where it is not installed.

    Importing `sklearn.datasets` would take over a second.
    """
    import importlib.util

    package = importlib.util.find_spec("sklearn")
    if package is None or package.origin is None:
        raise UsageError(f"data={set_name} needs scikit-learn", fix="pip install scikit-learn")
    return Path(package.origin).parent / "datasets" / "data" / file


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
            f"{info.name} of scikit-learn has SHA-256 {content.hexdigest()[:12]}, expected "
            f"{sha256[:12]}",
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
