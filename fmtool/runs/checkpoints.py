"""Checkpoints that survive a kill at any instant, a full disk and a flipped bit.

A checkpoint is written into `.tmp-<step>-<pid>/`, every file is synced and entered with size and
SHA-256 in its manifest.json, and one rename to `step-N/` commits it. Readers trust only what
verifies. Keras plays no part here: the caller's function writes the files.
"""

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from fmtool.errors import DataError
from fmtool.notices import warn
from fmtool.runs.atomic import reporting, sync
from fmtool.runs.checkpoint_manifest import seal, verify
from fmtool.runs.strict_json import finite

_STEP = re.compile(r"step-(\d+)")
_REPLACED = ".replaced-"
_TEMPORARY = re.compile(r"\.tmp-\d+-(\d{1,9})")


class CheckpointStore:
    """The checkpoints of one run; one writer, guarded by the run's lock.

    Args:
        keep: how many of the newest stay, at least 1; the best one stays in any case.
    """

    def __init__(self, directory: Path, keep: int) -> None:
        self.directory = directory
        self._keep = keep

    def commit(
        self,
        step: int,
        write: Callable[[Path], None],
        *,
        meta: dict[str, Any],
        needed: int | None = None,
    ) -> Path:
        """Makes `step-N/` from the files that `write` puts into the directory it is given.

        A valid checkpoint of that step and `meta` is kept instead: it holds the same state.
        Raises WriteFailed, CannotCreate, or what `write` raises; the earlier checkpoints are
        untouched then.

        Args:
            needed: about how many bytes `write` will write, for the message on a full disk if
                there is no earlier checkpoint that tells.
        """
        target = self.directory / f"step-{step}"
        with reporting(target, needed=_bytes_of(self.last, otherwise=needed)):
            self.directory.mkdir(exist_ok=True)
            self._remove_stale()
            self._end_replacement()
            if not _holds(target, meta):
                self._write(target, step, write, meta)
            self._complete(step)
        return target

    def finalize(self, step: int) -> None:
        """Leaves what `commit` and `mark_best` leave to the next commit, as there will be none.

        That is a step which was the best, and what a process did not come to that was killed in
        the commit of `step`. Where that one is not the newest, nothing is done. Raises WriteFailed.
        """
        if self._steps()[-1:] == [step]:
            with reporting(self.directory / f"step-{step}"):
                self._remove_stale()
                self._complete(step)

    def _complete(self, step: int) -> None:
        sync(self.directory)
        # A hint, which readers can live without: not worth waiting for the disk.
        self._point("last", step, is_synced=False)
        self._prune(step)

    def _write(
        self, target: Path, step: int, write: Callable[[Path], None], meta: dict[str, Any]
    ) -> None:
        temporary = self._temporary(step)
        temporary.mkdir()
        try:
            write(temporary)
            _fault("after_tmp")
            seal(temporary, step=step, meta=meta)
            _fault("before_rename")
            if target.is_dir():
                target.rename(self.directory / f"{_REPLACED}{target.name}")
                _fault("while_replacing")
            temporary.rename(target)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        finally:
            self._end_replacement()
        _fault("after_rename")

    def _end_replacement(self) -> None:
        """Removes what was replaced; where the new one has not arrived, puts it back."""
        for replaced in self.directory.glob(f"{_REPLACED}*"):
            target = self.directory / replaced.name.removeprefix(_REPLACED)
            if target.exists():
                shutil.rmtree(replaced)
            else:
                replaced.rename(target)

    def has(self, step: int) -> bool:
        """True where there is a checkpoint of that step, intact or not."""
        return (self.directory / f"step-{step}").is_dir()

    def mark_best(self, step: int) -> None:
        """Points `best` at a committed step, which is then kept until another one is best."""
        if not self.has(step):
            raise ValueError(f"step {step} is not committed")
        # The name is on the disk with the next commit, which syncs the directory before it
        # removes the step that was best until now: after a power loss it leads to one of the two.
        with reporting(self.directory / "best"):
            self._point("best", step, is_synced=True)

    def _point(self, pointer: str, step: int, *, is_synced: bool) -> None:
        draft = self.directory / f".{pointer}.tmp"
        try:
            draft.unlink(missing_ok=True)  # of a process that was killed, or no file of ours
            with draft.open("x", encoding="utf-8") as file:
                file.write(f"step-{step}\n")
            if is_synced:
                sync(draft)
            _fault(f"before_{pointer}")
            draft.replace(self.directory / pointer)
        finally:
            draft.unlink(missing_ok=True)

    @property
    def last(self) -> Path | None:
        """The checkpoint committed last; where the pointer is lost, that of the highest step."""
        newest = [self.directory / f"step-{step}" for step in self._steps()[-1:]]
        return self._pointed_to("last") or next(iter(newest), None)

    @property
    def best(self) -> Path | None:
        """The checkpoint marked as best; None if there is none, or no longer."""
        return self._pointed_to("best")

    def committed(self) -> list[Path]:
        """Every checkpoint, the oldest first, intact or not."""
        return [self.directory / f"step-{step}" for step in self._steps()]

    def remove(self, checkpoints: Iterable[Path]) -> None:
        """Removes these and the pointers to them; the caller is the one writer."""
        self._remove_stale()
        self._end_replacement()
        for checkpoint in checkpoints:
            self._remove(checkpoint)
        for pointer in ("best", "last"):
            if self._pointed_to(pointer) is None:
                (self.directory / pointer).unlink(missing_ok=True)

    def latest_valid(self) -> Path | None:
        """The newest checkpoint that verifies; None if there are none, DataError if none does."""
        self._end_replacement()
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
        _fault("while_pruning")
        shutil.rmtree(temporary)

    def _temporary(self, step: int) -> Path:
        return self.directory / f".tmp-{step}-{os.getpid()}"

    def _remove_stale(self) -> None:
        for entry in self.directory.iterdir():
            name = _TEMPORARY.fullmatch(entry.name)
            # Our own number means an earlier process in another container had it too.
            if name and (int(name[1]) == os.getpid() or not _is_alive(int(name[1]))):
                shutil.rmtree(entry)


def _holds(checkpoint: Path, meta: dict[str, Any]) -> bool:
    try:
        return bool(verify(checkpoint) == finite(meta)[0])
    except DataError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # alive, and somebody else's
        return True
    return True


def _bytes_of(checkpoint: Path | None, *, otherwise: int | None) -> int | None:
    """The size of an earlier checkpoint, which the next one will have too."""
    if checkpoint is None:
        return otherwise
    return sum(file.stat().st_size for file in checkpoint.rglob("*") if file.is_file())


def _fault(point: str) -> None:
    """Dies here if FMTOOL_FAULT says so: how the tests show that no instant is dangerous."""
    if os.environ.get("FMTOOL_FAULT") == point:
        os.kill(os.getpid(), signal.SIGKILL)
