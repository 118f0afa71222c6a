"""The manifest.json of a checkpoint: size and SHA-256 of each of its files, and of itself."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fmtool.errors import DataError
from fmtool.runs.atomic import sync
from fmtool.runs.strict_json import encode, finite, read_object

_NAME = "manifest.json"
_SCHEMA_VERSION = 1


def seal(directory: Path, *, step: int, meta: dict[str, Any]) -> None:
    """Writes the manifest of the files in `directory`; all of it is on the disk afterwards."""
    entries = sorted(directory.rglob("*"))
    files = [path for path in entries if path.is_file()]
    folders = [path for path in entries if path.is_dir()]
    # The disk takes the files in while the processor hashes them.
    with ThreadPoolExecutor(max_workers=1) as disk:
        synced = disk.submit(_sync_all, [*files, *folders])
        listed = {path.relative_to(directory).as_posix(): _entry(path) for path in files}
    synced.result()
    body = {
        "schema_version": _SCHEMA_VERSION,
        "step": step,
        "files": listed,
        "meta": finite(meta)[0],
    }
    # Nobody looks into the directory before it is renamed, so this need not be atomic.
    manifest = directory / _NAME
    manifest.write_text(encode({**body, "sha256": _digest(body)}), encoding="utf-8")
    _sync_all([manifest, directory])


def _sync_all(paths: list[Path]) -> None:
    for path in paths:
        sync(path)


def verify(checkpoint: Path) -> dict[str, Any]:
    """The `meta` of an intact checkpoint; DataError, naming the first fault, for any other."""
    manifest = read_object(checkpoint / _NAME)
    digest = manifest.pop("sha256", None)
    if digest != _digest(manifest):
        raise _corrupt(checkpoint, f"{_NAME} does not match its own SHA-256")
    if manifest.get("schema_version") != _SCHEMA_VERSION:
        version = manifest.get("schema_version")
        raise DataError(
            f"checkpoint {checkpoint} is of another fmtool: schema_version {version} is not known"
        )
    if checkpoint.name != f"step-{manifest.get('step')}":
        raise _corrupt(checkpoint, f"it was committed as step {manifest.get('step')}")
    files, meta = manifest.get("files"), manifest.get("meta")
    if not isinstance(files, dict) or not isinstance(meta, dict):
        raise _corrupt(checkpoint, f"{_NAME} is incomplete")
    _verify_files(checkpoint, files)
    return meta


def _verify_files(checkpoint: Path, expected: dict[str, Any]) -> None:
    found = {
        path.relative_to(checkpoint).as_posix(): path
        for path in checkpoint.rglob("*")
        if not path.is_dir() and path != checkpoint / _NAME
    }
    for name in sorted(found.keys() ^ expected.keys()):
        raise _corrupt(checkpoint, f"{name} is {'missing' if name in expected else 'unexpected'}")
    for name, path in found.items():
        # A link may be changed, after this check, by changing what lies outside.
        if path.is_symlink() or not path.is_file():
            raise _corrupt(checkpoint, f"{name} is not a regular file")
        try:
            entry = _entry(path)
        except OSError as error:
            raise _corrupt(checkpoint, f"{name} cannot be read: {error.strerror}") from error
        if entry != expected[name]:
            raise _corrupt(checkpoint, f"{name} does not match its size and SHA-256")


def _entry(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return {"bytes": path.stat().st_size, "sha256": digest}


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _corrupt(checkpoint: Path, reason: str) -> DataError:
    return DataError(f"checkpoint {checkpoint} is corrupt: {reason}")
