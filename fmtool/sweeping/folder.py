"""The folder of a sweep: the same command, typed again, goes on in it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fmtool.errors import DataError
from fmtool.runs.layout import SweepPaths, sweeps_directory
from fmtool.runs.strict_json import read_object

_HEX = 6


def find(runs_dir: Path, digest: str) -> SweepPaths | None:
    """The newest of a sweep with this digest."""
    folders = sorted(sweeps_directory(runs_dir).glob(f"*_{digest[:_HEX]}"), reverse=True)
    for paths in map(SweepPaths, folders):
        # One without its document was killed as it began.
        if not paths.document.exists() or _read(paths).get("digest") in (None, digest):
            return paths
    return None


def new(runs_dir: Path, digest: str) -> SweepPaths:
    """Nothing is created by asking."""
    name = f"{datetime.now(UTC):%Y-%m-%d_%H%M%S}_{digest[:_HEX]}"
    return SweepPaths(sweeps_directory(runs_dir) / name)


def stored_results(paths: SweepPaths | None) -> dict[int, Mapping[str, Any]]:
    """The results in its document, by number of job; nothing where it cannot be read."""
    if paths is None or not paths.document.exists():
        return {}
    rows = _read(paths).get("runs")
    if not isinstance(rows, list):
        return {}
    return {row["job"]: row for row in rows if isinstance(row, dict) and "job" in row}


def _read(paths: SweepPaths) -> Mapping[str, Any]:
    try:
        return read_object(paths.document)
    except DataError:  # damaged: it will be written anew
        return {}
