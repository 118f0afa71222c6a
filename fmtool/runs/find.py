"""Finds the run that a command line means: by path, `last`, an id or its start, or a name."""

import difflib
import os
from collections.abc import Iterable
from pathlib import Path

from fmtool.errors import DataError, UsageError
from fmtool.notices import note
from fmtool.runs.layout import RunPaths
from fmtool.runs.records import RunRecord, records, run_directories

LAST = "last"
_MAX_CANDIDATES = 5


def find(reference: str, runs_dir: Path) -> Path:
    """The run directory that `reference` means.

    Tried in this order: a path, `last`, an id, a name, the start of an id. `last` skips the runs
    of sweeps and studies; of several runs with the same name the newest is meant. Raises UsageError
    where there is none or more than one, DataError for a path that is not a run.
    """
    if not reference:
        raise UsageError("no run was named", fix="name one, such as `last`")
    path = Path(reference)
    if os.sep in reference or RunPaths(path).is_run():
        return _at(path)
    if reference == LAST:
        return _last(runs_dir)
    directories = run_directories(runs_dir)
    for directory in directories:
        if directory.name == reference:
            return directory
    known = records(runs_dir)
    for record in known:
        if record.name == reference:
            return record.paths.root
    candidates = [directory for directory in directories if directory.name.startswith(reference)]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        raise _ambiguous(reference, candidates)
    if _exists(path):
        return _at(path)
    raise _missing(reference, runs_dir, known)


def _at(path: Path) -> Path:
    if not _exists(path):
        raise UsageError(f"there is no run {path}", fix="see `fmtool runs` for those there are")
    if not RunPaths(path).is_run():
        raise DataError(f"{path} is not a run directory", fix="see `fmtool runs`")
    return path


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # such as a name that is too long
        return False


def _last(runs_dir: Path) -> Path:
    """The newest run that is of no sweep and no study; a line says where newer ones are skipped."""
    skipped = 0
    for record in records(runs_dir):
        if record.sweep is None and record.study is None:
            if skipped:
                newer = "a newer run is" if skipped == 1 else f"{skipped} newer runs are"
                note(f"{LAST} is {record.id}; {newer} of a sweep or a study")
            return record.paths.root
        skipped += 1
    if skipped:
        raise UsageError(
            f"{LAST}: the runs in {runs_dir} are all of a sweep or a study, which it skips",
            fix="name one of those that `fmtool runs` lists",
        )
    raise UsageError(f"there is no run in {runs_dir} yet", fix="start one with `fmtool train`")


def _ambiguous(reference: str, candidates: Iterable[Path]) -> UsageError:
    names = [candidate.name for candidate in candidates]
    shown = ", ".join(names[:_MAX_CANDIDATES])
    more = f" and {len(names) - _MAX_CANDIDATES} more" if len(names) > _MAX_CANDIDATES else ""
    return UsageError(
        f"'{reference}' could mean any of {len(names)} runs: {shown}{more}",
        fix="type more of the id",
    )


def _missing(reference: str, runs_dir: Path, known: list[RunRecord]) -> UsageError:
    choices = dict.fromkeys([record.id for record in known] + [r.name for r in known if r.name])
    close = difflib.get_close_matches(reference, [LAST, *choices], n=3, cutoff=0.5)
    fix = (
        f"did you mean {' or '.join(close)}?" if close else "see `fmtool runs` for those there are"
    )
    return UsageError(f"there is no run '{reference}' in {runs_dir}", fix=fix)
