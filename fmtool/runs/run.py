"""The life of a run directory: created or opened by its one writer, finished once, closed."""

import os
import re
import secrets
import shutil
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from fmtool.errors import CannotCreate, DataError, FmtoolError, UsageError
from fmtool.notices import warn
from fmtool.runs import manifest
from fmtool.runs.atomic import remove_drafts, reporting, write_bytes, write_json
from fmtool.runs.containment import require_contained
from fmtool.runs.layout import RunPaths
from fmtool.runs.lock import RunLock
from fmtool.runs.result import RunResult

_LONGEST_NAME = 24
"""The longest part of an id, in characters: ids then fit into a line of 80 columns."""
_ATTEMPTS = 20
_RESERVED_BYTES = 32 * 1024
"""Room for manifest.json and result.json, and for the directory to grow by their drafts."""


class Run:
    """A run directory that this process may write to, until `close`."""

    def __init__(self, root: Path, *, created_parents: Sequence[Path] = ()) -> None:
        self.paths = RunPaths(root)
        self._created_parents = created_parents
        self._is_finished = False
        self._lock = RunLock(self.paths.lock)

    @classmethod
    def create(cls, runs_dir: Path, *, model: str, data: str) -> Self:
        """A new directory, locked; raises CannotCreate or WriteFailed and leaves nothing then."""
        with ExitStack() as undo, reporting(runs_dir):
            places = (runs_dir, *runs_dir.parents)
            created_parents = [place for place in places if not place.exists()]
            undo.callback(_remove_empty, created_parents)
            runs_dir.mkdir(parents=True, exist_ok=True)
            root = _new_directory(runs_dir, f"{_slug(model)}_{_slug(data)}")
            undo.callback(shutil.rmtree, root)
            _reserve(RunPaths(root).reserve)
            run = cls(root, created_parents=created_parents)
            undo.pop_all()
        return run

    @classmethod
    def open(cls, root: Path) -> Self:
        """An existing run, locked.

        Raises Busy if it has a writer, DataError if it is something else, Refused if a write could
        leave it.
        """
        if not root.exists():
            raise UsageError(f"there is no run {root}", fix="see `fmtool runs` for those there are")
        if not RunPaths(root).is_run():
            raise DataError(f"{root} is not a run directory", fix="name a directory under runs/")
        run = cls(root)
        try:
            require_contained(root)
        except BaseException:
            run.close()
            raise
        return run

    @property
    def id(self) -> str:
        return self.paths.root.name

    def restart(self) -> None:
        """Forgets how the run ended, because from here on it has not: called when resuming."""
        with reporting(self.paths.root):
            remove_drafts(self.paths.root)
        _reserve(self.paths.reserve)
        with reporting(self.paths.result):
            self.paths.result.unlink(missing_ok=True)

    def finish(self, result: RunResult) -> None:
        """Ends manifest.json and writes result.json, for which a full disk has room too.

        Once only, so that a late failure cannot overwrite the outcome. A run that failed ends
        with its own error: that its end cannot be written either is only a warning then.
        """
        if self._is_finished:
            raise RuntimeError(f"run {self.id} has its result already")
        try:
            self._end(result)
        except FmtoolError as failure:
            if result.error is None:
                raise
            warn(failure.message)
        self._is_finished = True

    def _end(self, result: RunResult) -> None:
        with reporting(self.paths.result):
            self.paths.reserve.unlink(missing_ok=True)
        try:
            if self.paths.manifest.exists():
                manifest.finish(self.paths.manifest, seconds=result.seconds)
        finally:
            write_json(self.paths.result, result.to_json())

    def discard(self) -> bool:
        """Removes a directory in which nothing was reached, and says whether it did."""
        paths = self.paths
        if any(place.exists() for place in (paths.metrics, paths.model, paths.result)):
            return False
        if paths.checkpoints.is_dir() and any(paths.checkpoints.iterdir()):
            return False
        self._lock.release()
        shutil.rmtree(paths.root)
        _remove_empty(self._created_parents)
        return True

    def close(self) -> None:
        """Lets another process write here; harmless after `discard`."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _slug(name: str) -> str:
    """`name` reduced to what every file system and shell takes as it is."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip(".-")[:_LONGEST_NAME] or "unnamed"


def _new_directory(runs_dir: Path, subject: str) -> Path:
    moment = datetime.now(UTC).strftime("%Y-%m-%d_%H%M%S")
    for _ in range(_ATTEMPTS):
        root = runs_dir / f"{moment}_{subject}_{secrets.token_hex(3)}"
        with reporting(root):
            try:
                root.mkdir()
            except FileExistsError:
                continue
        return root
    raise CannotCreate(f"cannot create {root}: it exists", fix="try again")


def _reserve(path: Path) -> None:
    if not path.exists():
        # Random, because some file systems give no space to what compresses to nothing.
        write_bytes(path, os.urandom(_RESERVED_BYTES))


def _remove_empty(created_parents: Sequence[Path]) -> None:
    """Nearest first; another run may have moved in meanwhile."""
    for parent in created_parents:
        with suppress(OSError):
            parent.rmdir()
