"""Keeps verified data sets on disk as plain npy files that later loads only map into memory.

    <root>/<set>/arrays/{x_train,y_train,x_test,y_test}.npy   and manifest.json
    <root>/<set>/...                                          raw files that a user placed there

`arrays` appears by one rename, so it is never seen half-written.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from fmtool.config.base import Config
from fmtool.data.base import SetInfo
from fmtool.data.fetching.four_arrays import ARRAY_NAMES, Arrays, verify
from fmtool.data.fetching.writing import make_folder, writing
from fmtool.errors import CannotCreate, DataError
from fmtool.notices import note

MANIFEST = "manifest.json"
_MAX_MANIFEST_BYTES = 1 << 16


class Manifest(Config):
    """The content of manifest.json."""

    origin: str
    """The origin of the arrays, in words."""
    digests: dict[str, str]


@dataclass(frozen=True)
class Cached:
    """A data set read from the cache and verified."""

    arrays: Arrays
    manifest: Manifest


def root() -> Path:
    """`$FMTOOL_DATA`, else `fmtool/data` in the user's cache."""
    if chosen := os.environ.get("FMTOOL_DATA"):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "fmtool" / "data"


def folder_of(name: str) -> Path:
    return root() / name


def read_manifest(folder: Path) -> Manifest | None:
    """None if nothing is cached in `folder`; DataError if what is there cannot be read."""
    path = folder / "arrays" / MANIFEST
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_MANIFEST_BYTES)
        manifest = Manifest.model_validate_json(text)
        if set(manifest.digests) != set(ARRAY_NAMES):
            raise ValueError(f"digests of {sorted(manifest.digests)}")
    except (FileNotFoundError, NotADirectoryError):
        if path.parent.exists():
            raise _damaged(path, "is missing") from None
        return None
    except (OSError, ValidationError, ValueError) as error:
        raise _damaged(path, "is not a readable manifest") from error
    return manifest


def load(folder: Path, info: SetInfo) -> Cached | None:
    """The arrays in `folder`, memory-mapped; None if there are none.

    Every byte is hashed: that takes 0.1 s for CIFAR-10, and a damaged cache must not train a model.

    Raises:
        DataError: a file is damaged, incomplete or not what `info` says.
    """
    manifest = read_manifest(folder)
    if manifest is None:
        return None
    files = folder / "arrays"
    arrays = Arrays(**{name: _map(files / f"{name}.npy") for name in ARRAY_NAMES})
    expected = info.digests or manifest.digests
    verify(arrays, info, origin=str(files), fix=_refill(files), expected=expected)
    return Cached(arrays, manifest)


def save(folder: Path, arrays: Arrays, digests: Mapping[str, str], *, origin: str) -> None:
    """Writes `arrays` into `folder`; the caller holds the lock of `folder`."""
    unfinished, final = folder / ".arrays.tmp", folder / "arrays"
    manifest = Manifest(origin=origin, digests=dict(digests))
    with writing(final):
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        for array_name, array in arrays.named().items():
            _write_array(unfinished / f"{array_name}.npy", array)
        _write_text(unfinished / MANIFEST, json.dumps(manifest.model_dump(), indent=2) + "\n")
        _sync_folder(unfinished)
        unfinished.rename(final)
        _sync_folder(folder)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One process at a time fills `folder`; the others wait for it."""
    make_folder(folder)
    path = folder / ".lock"
    try:
        file = path.open("a")
    except OSError as error:
        raise CannotCreate(
            f"cannot create {path}: {error.strerror}",
            fix="set FMTOOL_DATA to a folder you may write to",
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note(f"{folder.name}: another process is fetching it; waiting")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _map(path: Path) -> NDArray[Any]:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise _damaged(path, "is missing") from None
    except (OSError, ValueError, EOFError) as error:
        raise _damaged(path, "is damaged or incomplete") from error
    if not isinstance(array, np.memmap):
        raise _damaged(path, "is not an npy file")
    return array


def _damaged(path: Path, what: str) -> DataError:
    return DataError(f"{path} {what}", fix=_refill(path.parent))


def _refill(files: Path) -> str:
    return f"delete {files} and run `fmtool data fetch {files.parent.name}`"


def _write_array(path: Path, array: NDArray[Any]) -> None:
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Makes the names in `path` survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
