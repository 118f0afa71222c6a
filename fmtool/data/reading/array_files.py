"""Reads .npy and .npz files of anybody's: no pickle is loaded, no header is believed.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
"""

import math
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from fmtool.data.reading.regular_file import open_regular
from fmtool.data.samples.stored_rows import StoredRows
from fmtool.errors import DataError
from fmtool.machine.memory import format_bytes, require_memory

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MAX_MEMBERS = 1000
_MAX_VALUES = 2**56
_HIGHEST_RATIO = 100
_ALWAYS_ALLOWED = 1 << 26
"""Bytes: a small archive may unpack to this much, since sorted labels shrink to nearly nothing."""
_CHECKED_BYTES = 1 << 20
_LOCAL_HEADER_BYTES = 30
"""Before a member's name, whose length and that of the extra field are its last four bytes."""
_FIX = "write the file again"
_DAMAGES = (
    OSError, EOFError, ValueError, TypeError, SyntaxError, LookupError, RuntimeError,
    tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def read_npy(path: Path) -> NDArray[Any]:
    """The array in `path`; DataError for objects, damage, and a header that the file belies."""
    with open_regular(path) as file, _damage_named(path):
        return _read_array(file, os.fstat(file.fileno()).st_size, str(path))


def read_npz(path: Path, *, most_members: int = _MAX_MEMBERS) -> dict[str, NDArray[Any]]:
    """Every array in `path` by name, as numpy.savez and savez_compressed write them.

    Raises:
        DataError: as `read_npy`, or the archive unpacks to far more than it should.
        OutOfMemory: the arrays are larger than the memory.
    """
    with _archive(path, most_members) as (_, archive):
        members = archive.infolist()
        _require_memory(members, path, fix="train on fewer or smaller samples")
        return {_name(member): _read_member(archive, member, path) for member in members}


def open_npy(path: Path, *, is_held: Callable[[int], bool]) -> NDArray[Any] | StoredRows:
    """As `read_npy`, but what may not be held in memory stays in the file where it can."""
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
    stored = None if is_held(size) else _stored_in(path)
    return read_npy(path) if stored is None else stored


def open_npy_folder(
    folder: Path, *, samples: Collection[str], is_held: Callable[[int], bool]
) -> dict[str, NDArray[Any] | StoredRows]:
    """Every array of the .npy files in `folder` by the name of its file; see `open_npz`."""
    files = sorted(path for path in folder.iterdir() if path.suffix == ".npy")
    stays = not is_held(sum(path.stat().st_size for path in files))
    found: dict[str, NDArray[Any] | StoredRows] = {}
    for path in files:
        stored = _stored_in(path) if stays and path.stem in samples else None
        found[path.stem] = read_npy(path) if stored is None else stored
    return found


def open_npz(
    path: Path, *, samples: Collection[str], is_held: Callable[[int], bool]
) -> dict[str, NDArray[Any] | StoredRows]:
    """As `read_npz`, but samples that may not be held in memory stay in the file where they can.

    They can where they are numbers of two axes or more, in C order and not compressed.

    Args:
        samples: names of the arrays that are samples.
        is_held: whether arrays of so many bytes are to be read into memory.
    """
    with _archive(path, _MAX_MEMBERS) as (file, archive):
        members = archive.infolist()
        stays = {}
        if not is_held(sum(member.file_size for member in members)):
            found = (
                (each, _stored(file, archive, each, path))
                for each in members
                if _name(each) in samples
            )
            stays = {_name(member): stored for member, stored in found if stored is not None}
        others = [member for member in members if _name(member) not in stays]
        _require_memory(others, path, fix="save it by numpy.savez: it is then read from the disk")
        return stays | {_name(member): _read_member(archive, member, path) for member in others}


def names_in(path: Path) -> list[str]:
    """The names of the arrays of a folder of .npy files, or of an archive; DataError as reading."""
    if path.is_dir():
        return sorted(file.stem for file in path.iterdir() if file.suffix == ".npy")
    with _archive(path, _MAX_MEMBERS) as (_, archive):
        return [_name(member) for member in archive.infolist()]


@contextmanager
def _archive(path: Path, most_members: int) -> Iterator[tuple[BinaryIO, zipfile.ZipFile]]:
    if path.suffix.lower() == ".npy":
        raise DataError(
            f"{path}: one array; samples and what is learnt of them are two",
            fix="save both by numpy.savez, or name the folder of x.npy and y.npy",
        )
    with open_regular(path) as file, _damage_named(path), zipfile.ZipFile(file) as archive:
        size = os.fstat(file.fileno()).st_size
        _check_members(archive.infolist(), path, size, most_members)
        yield file, archive


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except _DAMAGES as error:
        raise DataError(
            f"{path}: damaged or no array file ({str(error)[:80]})", fix=_FIX
        ) from error


def _check_members(
    members: list[zipfile.ZipInfo], path: Path, archive_bytes: int, most: int
) -> None:
    names = {member.filename for member in members}
    if len(members) > most or len(names) < len(members):
        raise DataError(f"{path}: {len(members)} members, {len(names)} names", fix=_FIX)
    for member in members:
        if not member.filename.endswith(".npy") or member.compress_type not in _COMPRESSIONS:
            raise DataError(
                f"{path}: {member.filename!r} is not as numpy writes it", fix="use numpy.savez"
            )
    unpacked = sum(member.file_size for member in members)
    if unpacked > max(_ALWAYS_ALLOWED, _HIGHEST_RATIO * archive_bytes):
        raise DataError(
            f"{path}: {format_bytes(archive_bytes)} would unpack to {format_bytes(unpacked)}",
            fix="use numpy.savez, which does not compress, if this is not an attack",
        )


def _require_memory(members: list[zipfile.ZipInfo], path: Path, *, fix: str) -> None:
    require_memory(sum(member.file_size for member in members), what=str(path), fix=fix)


def _name(member: zipfile.ZipInfo) -> str:
    return member.filename.removesuffix(".npy")


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> NDArray[Any]:
    with archive.open(member) as content:
        return _read_array(content, member.file_size, f"{path}: {_name(member)}")


def _stored(
    file: BinaryIO, archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path
) -> StoredRows | None:
    """The samples of a member that can stay in the file, else None."""
    if member.compress_type != zipfile.ZIP_STORED:
        return None
    with archive.open(member) as content:
        header = _read_header(content, member.file_size, f"{path}: {_name(member)}")
        shape, _, dtype = header
        if not _can_stay(*header):
            return None
        start = content.tell()
        # The checksum is compared when the end is reached.
        while content.read(_CHECKED_BYTES):
            pass
    # Name and extra field of the local header; their lengths differ from those of the directory.
    lengths = os.pread(file.fileno(), 4, member.header_offset + _LOCAL_HEADER_BYTES - 4)
    start += member.header_offset + _LOCAL_HEADER_BYTES + sum(struct.unpack("<HH", lengths))
    return StoredRows(path, file, start, shape, dtype)


def _stored_in(path: Path) -> StoredRows | None:
    """The samples of a .npy file that can stay in it, else None."""
    with open_regular(path) as file, _damage_named(path):
        header = _read_header(file, os.fstat(file.fileno()).st_size, str(path))
        if not _can_stay(*header):
            return None
        return StoredRows(path, file, file.tell(), header[0], header[2])


def _can_stay(shape: tuple[int, ...], is_fortran: bool, dtype: np.dtype[Any]) -> bool:
    return not is_fortran and dtype.kind in "biuf" and len(shape) > 1 and 0 not in shape


def _read_array(file: IO[bytes], size: int, origin: str) -> NDArray[Any]:
    """The array in a stream of `size` bytes, nothing allocated before its header is checked."""
    shape, is_fortran, dtype = _read_header(file, size, origin)
    flat = np.frombuffer(file.read(math.prod(shape) * dtype.itemsize), dtype)
    return flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)


def _read_header(
    file: IO[bytes], size: int, origin: str
) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether in Fortran order, and type of the array that is all that is left to read."""
    version = npy.read_magic(file)
    if version != (1, 0):
        # Later versions are for arrays with many named fields, and headers of up to 4 GiB.
        raise DataError(f"{origin}: format version {version}, expected (1, 0)", fix=_FIX)
    shape, is_fortran, dtype = npy.read_array_header_1_0(file)
    if dtype.hasobject:
        raise DataError(
            f"{origin}: object dtype refused, it could run code",
            fix="save numbers, or text as numpy.array(names, dtype=str)",
        )
    values, held = math.prod(shape), size - file.tell()
    if any(length < 0 for length in shape) or values > _MAX_VALUES:
        raise DataError(f"{origin}: header claims a shape that cannot be", fix=_FIX)
    if dtype.kind not in "biufSU" or not dtype.itemsize:
        raise DataError(f"{origin}: unexpected type {dtype}", fix="save numbers or text")
    if values * dtype.itemsize != held:
        claim = format_bytes(values * dtype.itemsize)
        raise DataError(
            f"{origin}: {held // dtype.itemsize} of {values} values; header claims {claim}",
            fix="the file is truncated or forged: write it again",
        )
    return shape, is_fortran, dtype
