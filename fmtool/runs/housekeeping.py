"""Runs removed, freed of their checkpoints or packed: planned first, so that nothing surprises.

A run that is being written, and one that is or holds a link, is never touched.
"""

import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from fmtool.errors import Busy, ExitCode, FmtoolError, Refused, UsageError
from fmtool.runs import annotations, packing
from fmtool.runs.atomic import reporting
from fmtool.runs.checkpoints import CheckpointStore
from fmtool.runs.containment import require_contained
from fmtool.runs.layout import RunPaths
from fmtool.runs.records import DAMAGED, KILLED, RunRecord
from fmtool.runs.result import COMPLETED, GATE_NOT_MET, INTERRUPTED
from fmtool.runs.run import Run

Keep = Literal["best", "last"]
KEEPS: tuple[Keep, ...] = ("best", "last")
_FINISHED = (COMPLETED, GATE_NOT_MET)
_GOES_ON = (INTERRUPTED, KILLED)


@dataclass(frozen=True)
class Planned:
    """A change of one run.

    Args:
        frees: bytes.
        loses: what cannot be done afterwards, in words; empty where nothing is lost.
        hindrance: why the run is left as it is.
    """

    record: RunRecord
    frees: int
    loses: str
    hindrance: FmtoolError | None = None
    is_done: bool = False

    @property
    def state(self) -> str:
        if self.hindrance is not None:
            return f"left: {self.hindrance.message}"
        return "done" if self.is_done else "to do"

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.record.id,
            "path": str(self.record.paths.root),
            "status": self.record.status,
            "bytes": self.frees,
            "loses": self.loses or None,
            "done": self.is_done,
            "left": None if self.hindrance is None else self.hindrance.message,
        }


def removal(record: RunRecord) -> Planned:
    """The plan to remove a run with all its files."""
    unfinished = f"its training, which resume={record.id} would go on with"
    parts = [unfinished] if record.status in _GOES_ON else []
    parts += [f"a job of sweep {record.sweep}"] if record.sweep else []
    parts += [f"a trial of study {record.study}"] if record.study else []
    return Planned(record, record.bytes, "; ".join(parts), hindrance(record))


def pruning(record: RunRecord, keep: Keep) -> Planned | None:
    """The plan to remove checkpoints; None where there is none to remove.

    Args:
        keep: best: model.keras, which is of the best epoch, stays, and no checkpoint does; last:
            the newest and the best one stay, so that the run can still go on.
    """
    surplus = _surplus(record.paths, keep)
    if not surplus:
        return None
    found = hindrance(record)
    if found is None and record.status == DAMAGED:
        found = UsageError("it is damaged", fix="mend it, or take it away with rm")
    if found is None and record.status not in _FINISHED:
        found = UsageError(
            f"it is {record.status}, and its checkpoints are all there is of its training",
            fix=f"let it finish: fmtool train resume={record.id}",
        )
    if found is None and keep == "best" and not record.paths.model.is_file():
        found = UsageError("it has no model.keras", fix="write keep=last")
    size = sum(_bytes(each) for each in surplus)
    loses = "it can no longer go on (resume=), nor be compared bit by bit (reproduce)"
    return Planned(record, size, loses if keep == "best" else "", found)


def hindrance(record: RunRecord) -> FmtoolError | None:
    """The error for a run that no command may change; None where it may."""
    root = record.paths.root
    if root.is_symlink():
        return Refused("it is a symbolic link", fix="name the run that it leads to")
    if record.is_locked:
        return Busy("it is being written", fix="wait until it has ended, or end it")
    try:
        require_contained(root)
    except Refused as error:
        return error
    return None


def remove(planned: Planned) -> Planned:
    """Removes the run, the files last by which it is known as one."""
    paths = planned.record.paths

    def work() -> None:
        known_by = {paths.config, paths.manifest, paths.lock}
        with reporting(paths.root):
            for entry in sorted(paths.root.iterdir()):
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry)
                elif entry not in known_by:
                    entry.unlink()
            shutil.rmtree(paths.root)

    return _carried_out(planned, work)


def prune(planned: Planned, keep: Keep) -> Planned:
    """Removes the checkpoints; for keep=best it is noted first that they are gone."""
    paths = planned.record.paths

    def work() -> None:
        if keep == "best":
            now = datetime.now(UTC).isoformat(timespec="seconds")
            said = annotations.read(paths.annotations)
            annotations.write(paths, replace(said, pruned=now))
        store = CheckpointStore(paths.checkpoints, keep=1)
        with reporting(paths.checkpoints):
            store.remove(_surplus(paths, keep))

    return _carried_out(planned, work)


def packed(planned: Planned, folder: Path) -> Planned:
    """Packs the run into a file of the folder; nothing is removed."""
    paths = planned.record.paths
    return _carried_out(planned, lambda: str(packing.pack(paths, folder)))


def _carried_out(planned: Planned, work: Callable[[], object]) -> Planned:
    """Does it under the lock of the run, unless it is hindered, then or by now."""
    if planned.hindrance is not None:
        return planned
    try:
        with Run.open(planned.record.paths.root):
            work()
    except (Busy, Refused) as error:
        return replace(planned, hindrance=error)
    return replace(planned, is_done=True)


def annotate(root: Path, change: Callable[[RunPaths], None]) -> None:
    """Lets `change` write annotations; Busy or Refused as for any other writer."""
    if root.is_symlink():
        raise Refused(f"{root} is a symbolic link", fix="name the run that it leads to")
    with Run.open(root) as run:
        change(run.paths)


def exit_code(planned: list[Planned]) -> int:
    """The code of the first run that was left as it is; 0 where none was."""
    codes = (each.hindrance.exit_code for each in planned if each.hindrance is not None)
    return int(next(codes, ExitCode.SUCCESS))


def _surplus(paths: RunPaths, keep: Keep) -> list[Path]:
    store = CheckpointStore(paths.checkpoints, keep=1)
    kept = set() if keep == "best" else {store.last, store.best}
    return [each for each in store.committed() if each not in kept]


def _bytes(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with suppress(OSError):
            total += file.lstat().st_size if file.is_file() else 0
    return total
