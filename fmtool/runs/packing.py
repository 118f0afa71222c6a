"""A run as one .tar.gz that is read back before it has its name."""

import hashlib
import tarfile
from pathlib import Path

from fmtool.errors import CannotCreate, WriteFailed
from fmtool.runs.atomic import reporting, write_with
from fmtool.runs.layout import RunPaths

SUFFIX = ".tar.gz"
_CHUNK = 1 << 20


def pack(paths: RunPaths, folder: Path) -> Path:
    """Writes `folder/ID.tar.gz`, from which `tar -xzf FILE -C runs` makes the run again.

    The caller holds the lock of the run. Raises CannotCreate where there is such a file already,
    WriteFailed where what was written is not what the run holds.
    """
    target = folder / f"{paths.root.name}{SUFFIX}"
    if target.exists():
        raise CannotCreate(f"{target} exists", fix="remove it, or name another output=")
    with reporting(folder):
        folder.mkdir(parents=True, exist_ok=True)
    members = _members(paths)

    def write(draft: Path) -> None:
        with tarfile.open(draft, "x:gz", compresslevel=6) as archive:
            for name, file in members.items():
                archive.add(file, arcname=f"{paths.root.name}/{name}", recursive=False)
        _require_same(draft, paths.root.name, members)

    write_with(target, write)
    return target


def _members(paths: RunPaths) -> dict[str, Path]:
    """Folders and files by their names in the run, but for what only its writer needs."""
    left_out = {paths.lock, paths.reserve}
    found = sorted(each for each in paths.root.rglob("*") if each not in left_out)
    return {each.relative_to(paths.root).as_posix(): each for each in found}


def _require_same(draft: Path, root: str, members: dict[str, Path]) -> None:
    with tarfile.open(draft, "r:gz") as archive:
        for name, file in members.items():
            member = archive.getmember(f"{root}/{name}")
            content = None if member.isdir() else archive.extractfile(member)
            digest = hashlib.sha256()
            while content is not None and (chunk := content.read(_CHUNK)):
                digest.update(chunk)
            if file.is_file() and digest.hexdigest() != _digest(file):
                raise WriteFailed(f"{draft} does not hold {file} as it is", fix="try again")


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
