"""Reads .npy and .npz files of anybody's: no pickle is loaded, no header is believed.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
"""

import math
import os
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from fmtool.data.memory import in_units, require_memory
from fmtool.data.regular_file import open_regular
from fmtool.errors import DataError

_COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MOST_MEMBERS = 1000
_MOST_VALUES = 2**56
_HIGHEST_RATIO = 100
_ALWAYS_ALLOWED = 1 << 26
"""Bytes: a small archive may unpack to this much, since sorted labels shrink to nearly nothing."""
_FIX = "write the file again"
_DAMAGES = (
    OSError, EOFError, ValueError, TypeError, SyntaxError, LookupError, RuntimeError,
    tokenize.TokenError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def read_npy(path: Path) -> NDArray[Any]:
    """The array in `path`; DataError for objects, damage, and a header that the file belies."""
    with open_regular(path) as file, _damage_named(path):
        return _read_array(file, os.fstat(file.fileno()).st_size, str(path))


def read_npz(path: Path, *, most_members: int = _MOST_MEMBERS) -> dict[str, NDArray[Any]]:
    """Every array in `path` by name, as numpy.savez and savez_compressed write them.

    Raises:
        DataError: as `read_npy`, or the archive unpacks to far more than it should.
        OutOfMemory: the arrays are larger than the memory.
    """
    with open_regular(path) as file, _damage_named(path), zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        _check_members(members, path, os.fstat(file.fileno()).st_size, most_members)
        arrays = {}
        for member in members:
            name = member.filename.removesuffix(".npy")
            with archive.open(member) as content:
                arrays[name] = _read_array(content, member.file_size, f"{path}: {name}")
        return arrays


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
            f"{path}: {in_units(archive_bytes)} would unpack to {in_units(unpacked)}",
            fix="use numpy.savez, which does not compress, if this is not an attack",
        )
    require_memory(unpacked, what=str(path), fix="train on fewer or smaller samples")


def _read_array(file: IO[bytes], size: int, origin: str) -> NDArray[Any]:
    """The array in a stream of `size` bytes, nothing allocated before its header is checked."""
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
    if any(length < 0 for length in shape) or values > _MOST_VALUES:
        raise DataError(f"{origin}: header claims a shape that cannot be", fix=_FIX)
    if dtype.kind not in "biufSU" or not dtype.itemsize:
        raise DataError(f"{origin}: unexpected type {dtype}", fix="save numbers or text")
    if values * dtype.itemsize != held:
        claim = in_units(values * dtype.itemsize)
        raise DataError(
            f"{origin}: {held // dtype.itemsize} of {values} values; header claims {claim}",
            fix="the file is truncated or forged: write it again",
        )
    flat = np.frombuffer(file.read(held), dtype)
    return flat.reshape(shape[::-1]).T if is_fortran else flat.reshape(shape)
