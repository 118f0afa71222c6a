"""Archives of files that are the same bytes for the same files, whenever and wherever made."""

import io
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from fmtool.runs.atomic import write_with

Content = bytes | Path
"""The content of a member: the bytes, or the file that holds them."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip file can state."""
_UNIX = 3
_MODE = 0o100644
_BLOCK = 1 << 20


def write(path: Path, members: Mapping[str, Content]) -> None:
    """A zip file of `members`, in the order of their names, without time, owner or compression.

    Another zlib compresses to other bytes, and weights hardly become smaller.

    Raises CannotCreate or WriteFailed, and then `path` is as it was.
    """
    size = sum(map(_size, members.values()))

    def fill(draft: Path) -> None:
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED) as archive:
            for name in sorted(members):
                _add(archive, name, members[name])

    write_with(path, fill, needed=size)


def _add(archive: zipfile.ZipFile, name: str, content: Content) -> None:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.create_system, member.external_attr = _UNIX, _MODE << 16
    # By it `open` knows whether 32 bits will hold the size.
    member.file_size = _size(content)
    with archive.open(member, "w") as target, opened(content) as source:
        shutil.copyfileobj(source, target, _BLOCK)


def opened(content: Content) -> BinaryIO:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def _size(content: Content) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size
