"""Reads named members of tar, deb and gzip files as bytes; nothing is ever extracted to disk."""

import gzip
import io
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fmtool.errors import DataError, Unavailable

_MAX_UNPACKED_BYTES = 1 << 30
"""The limit for all members of an archive together, wanted or not."""
_MAX_DEB_BYTES = 1 << 28
_AR_MAGIC = b"!<arch>\n"
_AR_HEADER = 60
_UNREADABLE = (tarfile.TarError, OSError, EOFError, zlib.error, lzma.LZMAError)


def tar_members(path: Path, sizes: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each member in `sizes`, in the order of the archive.

    Args:
        sizes: the largest size in bytes that is accepted, by member name.

    Raises:
        DataError: the archive is damaged, or a member is missing, too large or not a regular file.
    """
    with _damage_named(path), path.open("rb") as stream:
        yield from _stream_members(stream, sizes, path)


def tar_matching(
    path: Path, pattern: re.Pattern[str], *, most_bytes: int
) -> Iterator[tuple[re.Match[str], bytes]]:
    """The match and the content of each regular file whose whole name matches `pattern`.

    Raises:
        DataError: the archive is damaged, or such a file has more than `most_bytes`.
    """
    with (
        _damage_named(path),
        path.open("rb") as stream,
        tarfile.open(fileobj=stream, mode="r|*") as archive,
    ):
        unpacked = 0
        for member in archive:
            unpacked = _bounded(unpacked + member.size, path)
            match = pattern.fullmatch(member.name.removeprefix("./"))
            file = archive.extractfile(member) if match and member.isreg() else None
            if match is None or file is None:
                continue
            if member.size > most_bytes:
                raise _broken(path, f"holds {match[0]} of {member.size:,} bytes")
            yield match, file.read()


def deb_members(path: Path, sizes: Mapping[str, int]) -> Iterator[tuple[str, bytes]]:
    """As `tar_members`, of the files a Debian package would install."""
    with _damage_named(path), path.open("rb") as stream:
        yield from _stream_members(_deb_data(stream, path), sizes, path)


def gunzip(content: bytes, max_bytes: int, *, origin: str) -> bytes:
    """DataError, naming `origin`, if `content` is damaged or unpacks to more than `max_bytes`."""
    with _damage_named(origin), gzip.open(io.BytesIO(content)) as file:
        unpacked = file.read(max_bytes + 1)
    if len(unpacked) > max_bytes:
        raise _broken(origin, f"unpacks to more than {max_bytes:,} bytes")
    return unpacked


@contextmanager
def _damage_named(origin: Path | str) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        raise _broken(origin, f"is damaged ({error})") from error


def _stream_members(
    stream: BinaryIO, sizes: Mapping[str, int], path: Path
) -> Iterator[tuple[str, bytes]]:
    missing, unpacked = set(sizes), 0
    # "r|*" reads forward only, and detects the compression.
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for member in archive:
            unpacked = _bounded(unpacked + member.size, path)
            name = member.name.removeprefix("./")
            if name not in missing:
                continue
            file = archive.extractfile(member) if member.isreg() else None
            if file is None or member.size > sizes[name]:
                raise _broken(path, f"holds {name} as something else than a small enough file")
            missing.remove(name)
            yield name, file.read()
            if not missing:
                return
    raise _broken(path, f"lacks {', '.join(sorted(missing))}")


def _bounded(unpacked: int, path: Path) -> int:
    if unpacked > _MAX_UNPACKED_BYTES:
        raise _broken(path, f"unpacks to more than {_MAX_UNPACKED_BYTES:,} bytes")
    return unpacked


def _deb_data(stream: BinaryIO, path: Path) -> BinaryIO:
    """The inner tar file. A .deb is an `ar` archive: see deb(5) and ar(5)."""
    if stream.read(len(_AR_MAGIC)) != _AR_MAGIC:
        raise _broken(path, "is not a Debian package")
    while len(header := stream.read(_AR_HEADER)) == _AR_HEADER:
        name = header[:16].decode("latin-1").strip().removesuffix("/")
        size = int(header[48:58]) if header[48:58].strip().isdigit() else _MAX_DEB_BYTES + 1
        if size > _MAX_DEB_BYTES:
            raise _broken(path, f"holds a {name} of a size that cannot be right")
        if name == "data.tar.zst":
            raise Unavailable(
                f"{path.name} is compressed with zstd, which fmtool cannot read",
                fix="use another source",
            )
        if name.startswith("data.tar"):
            return io.BytesIO(stream.read(size))
        stream.seek(size + size % 2, io.SEEK_CUR)
    raise _broken(path, "holds no data.tar")


def _broken(origin: Path | str, what: str) -> DataError:
    return DataError(f"{origin} {what}", fix="delete it and fetch it again")
