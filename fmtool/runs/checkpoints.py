"""Checkpoints that survive a kill at any instant, a full disk and a flipped bit.

A checkpoint is written into `.tmp-<step>-<pid>/`, every file is synced and entered with size and
SHA-256 in its manifest.json, and one rename to `step-N/` commits it. Readers trust only what
verifies. Keras plays no part here: the caller's function writes the files.
"""

import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fmtool.errors import DataError
from fmtool.notices import warn
from fmtool.runs.atomic import reporting, sync, write_text
from fmtool.runs.checkpoint_manifest import seal, verify

_STEP = re.compile(r"step-(\d+)")
_TEMPORARY = re.compile(r"\.tmp-\d+-(\d{1,9})")


class CheckpointStore:
    """The checkpoints of one run; one writer, guarded by the run's lock.

    Args:
        keep: how many of the newest stay, at least 1; the best one stays in any case.
    """

    def __init__(self, directory: Path, keep: int) -> None:
        self.directory = directory
        self._keep = keep

    def commit(self, step: int, write: Callable[[Path], None], *, meta: dict[str, Any]) -> Path:
        """Makes `step-N/` from the files that `write` puts into the directory it is given.

        A valid checkpoint of that step is kept instead: the same step holds the same state.
        Raises WriteFailed or CannotCreate; the earlier checkpoints are untouched then.
        """
        target = self.directory / f"step-{step}"
        with reporting(target, needed=_bytes_of(self.last)):
            self.directory.mkdir(exist_ok=True)
            self._remove_stale()
            if not _is_valid(target):
                self._write(target, step, write, meta)
            write_text(self.directory / "last", f"{target.name}\n")
            self._prune(step)
        return target

    def _write(
        self, target: Path, step: int, write: Callable[[Path], None], meta: dict[str, Any]
    ) -> None:
        if target.is_dir():
            self._remove(target)
        temporary = self._temporary(step)
        temporary.mkdir()
        try:
            write(temporary)
            _fault("after_tmp")
            seal(temporary, step=step, meta=meta)
            _fault("before_rename")
            temporary.rename(target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        _fault("after_rename")
        sync(self.directory)

    def mark_best(self, step: int) -> None:
        """Points `best` at a committed step, which is then kept until another one is best."""
        if not (self.directory / f"step-{step}").is_dir():
            raise ValueError(f"step {step} is not committed")
        write_text(self.directory / "best", f"step-{step}\n")

    @property
    def last(self) -> Path | None:
        """The checkpoint committed last, as the pointer file has it."""
        return self._pointed_to("last")

    @property
    def best(self) -> Path | None:
        return self._pointed_to("best")

    def latest_valid(self) -> Path | None:
        """The newest checkpoint that verifies; None if there are none, DataError if none does."""
        steps = self._steps()
        for step in reversed(steps):
            path = self.directory / f"step-{step}"
            try:
                verify(path)
            except DataError as error:
                warn(f"{error.message}; falling back to the checkpoint before it")
            else:
                return path
        if steps:
            raise DataError(
                f"no checkpoint in {self.directory} is intact", fix="start the training anew"
            )
        return None

    def _steps(self) -> list[int]:
        """Committed steps, oldest first: by number, because clocks jump."""
        if not self.directory.is_dir():
            return []
        names = (_STEP.fullmatch(entry.name) for entry in self.directory.iterdir())
        return sorted(int(name[1]) for name in names if name)

    def _pointed_to(self, pointer: str) -> Path | None:
        try:
            name = (self.directory / pointer).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        path = self.directory / name
        return path if _STEP.fullmatch(name) and path.is_dir() else None

    def _prune(self, newest: int) -> None:
        steps = self._steps()
        # Steps beyond the newest were abandoned when training fell back to an earlier one.
        kept = {f"step-{step}" for step in [s for s in steps if s <= newest][-self._keep :]}
        if self.best:
            kept.add(self.best.name)
        for step in steps:
            if f"step-{step}" not in kept:
                self._remove(self.directory / f"step-{step}")

    def _remove(self, checkpoint: Path) -> None:
        # Renamed first, so that a kill leaves no half of a checkpoint under a committed name.
        temporary = self._temporary(int(checkpoint.name.removeprefix("step-")))
        checkpoint.rename(temporary)
        shutil.rmtree(temporary)

    def _temporary(self, step: int) -> Path:
        return self.directory / f".tmp-{step}-{os.getpid()}"

    def _remove_stale(self) -> None:
        for entry in self.directory.iterdir():
            name = _TEMPORARY.fullmatch(entry.name)
            # Our own number means an earlier process in another container had it too.
            if name and (int(name[1]) == os.getpid() or not _is_alive(int(name[1]))):
                shutil.rmtree(entry)


def _is_valid(checkpoint: Path) -> bool:
    try:
        verify(checkpoint)
    except DataError:
        return False
    return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # alive, and somebody else's
        return True
    return True


def _bytes_of(checkpoint: Path | None) -> int | None:
    """The size of an earlier checkpoint, which the next one will have too."""
    if checkpoint is None:
        return None
    return sum(file.stat().st_size for file in checkpoint.rglob("*") if file.is_file())


def _fault(point: str) -> None:
    """Dies here if FMTOOL_FAULT says so: how the tests show that no instant is dangerous."""
    if os.environ.get("FMTOOL_FAULT") == point:
        os.kill(os.getpid(), signal.SIGKILL)
