"""Reads the lines of a text file, plain or gzipped, and says which of them is no text."""

import codecs
import gzip
import math
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from fmtool.data.reading.problems import Report
from fmtool.data.reading.regular_file import open_regular
from fmtool.errors import DataError
from fmtool.machine.memory import format_bytes, require_memory

MAX_CHARACTERS = 1 << 24
"""The limit for one text."""
STANDARD_INPUT = Path("/dev/stdin")
"""Is read as it comes: it need not be a file."""
_OTHER_ENCODING = "save it as UTF-8, or name its encoding, such as data.encoding=latin-1"
_MAX_LINE_BYTES = 1 << 26
_HIGHEST_RATIO = 200
_ALWAYS_ALLOWED = 1 << 26
"""Bytes: a small file may unpack to this much."""
_WIDE = {
    codecs.BOM_UTF32_LE: "UTF-32", codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16",
}  # fmt: skip
_DAMAGES = (gzip.BadGzipFile, EOFError, zlib.error)


class LineError(DataError):
    """A fault of one line of a file.

    Args:
        line: its number, the first is 1.
    """

    def __init__(self, path: Path, line: int, what: str, *, fix: str) -> None:
        super().__init__(f"{path}:{line}: {what}", fix=fix)
        self.path, self.line = path, line


class Line(NamedTuple):
    """A line without its end."""

    number: int
    text: str


def is_line_encoding(name: str) -> bool:
    """True for an encoding of Python whose lines can be told before they are decoded."""
    try:
        return "a,\n".encode(name) == b"a,\n"
    except (LookupError, ValueError):
        return False


def read_lines(
    path: Path, encoding: str, report: Report, *, is_kept: bool = True
) -> Iterator[Line]:
    """The lines of `path`; those that are no text are reported and left out.

    A line ends by LF or CR LF; in a file without any LF, by CR. A byte-order mark is dropped.

    Args:
        encoding: one for which `is_line_encoding` is true.
        is_kept: whether all of it will be in memory.

    Raises:
        DataError: the file cannot be read, or not to its end.
        OutOfMemory: it is larger than the memory.
    """
    with _opened(path, is_kept=is_kept) as file:
        for number, content in enumerate(_raw_lines(file, path), start=1):
            bare = content.removesuffix(b"\n").removesuffix(b"\r")
            try:
                text = (bare if number > 1 else _unmarked(bare, path)).decode(encoding)
            except UnicodeError as error:
                what = f"not {encoding} ({str(error)[:80]})"
                report(LineError(path, number, what, fix=_OTHER_ENCODING))
                continue
            if "\0" in text:
                report(LineError(path, number, "a NUL character", fix="remove it"))
                continue
            yield Line(number, text)


@contextmanager
def _opened(path: Path, *, is_kept: bool) -> Iterator[BinaryIO]:
    if path == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    with open_regular(path) as file:
        if is_kept:
            size = os.fstat(file.fileno()).st_size
            require_memory(size, what=str(path), fix="train on a part of it")
        if path.suffix.lower() != ".gz":
            yield file
            return
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield cast("BinaryIO", unpacked)
        except _DAMAGES as error:
            raise DataError(f"{path}: damaged ({error})", fix="write the file again") from error


def _raw_lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """The lines with their ends, as long as neither a line nor all of them is out of bounds."""
    packed = 0 if path == STANDARD_INPUT else path.stat().st_size
    most = max(_ALWAYS_ALLOWED, _HIGHEST_RATIO * packed) if packed else math.inf
    total = number = 0
    while content := file.readline(_MAX_LINE_BYTES + 1):
        number, total = number + 1, total + len(content)
        if len(content) > _MAX_LINE_BYTES:
            what = f"a line of more than {format_bytes(_MAX_LINE_BYTES)}"
            raise LineError(path, number, what, fix="end each text by a line feed")
        if total > most:
            raise DataError(
                f"{path}: {format_bytes(packed)} unpack to more than {format_bytes(int(most))}",
                fix="unpack it if this is not an attack",
            )
        if number == 1 and b"\r" in content and not content.endswith(b"\n"):
            # As old programs for the Macintosh wrote it: there is no LF in all of the file.
            yield from (bare + b"\n" for bare in content.removesuffix(b"\r").split(b"\r"))
        else:
            yield content


def _unmarked(first: bytes, path: Path) -> bytes:
    """The first line without a byte-order mark of UTF-8; DataError for one of another."""
    for mark, name in _WIDE.items():
        if first.startswith(mark):
            raise DataError(f"{path}: {name}", fix="save it as UTF-8")
    return first.removeprefix(codecs.BOM_UTF8)
