"""Downloads files whose size and SHA-256 are known; a cut transfer is resumed where it stopped."""

import hashlib
import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fmtool.data.fetching.progress import progress
from fmtool.data.fetching.writing import make_folder, writing
from fmtool.errors import DataError, Unavailable

_TIMEOUT_SECONDS = 5.0
_CHUNK_BYTES = 1 << 18
_ATTEMPTS = 2
"""In a row without a new byte."""


class _CutError(Exception):
    """The connection failed; not an OSError, so that a failed write is told apart from it."""


@dataclass(frozen=True)
class RemoteFile:
    """A file and the places that serve it, tried in order.

    Args:
        size: in bytes.
        sha256: hex.
    """

    name: str
    urls: tuple[str, ...]
    size: int
    sha256: str


def download(file: RemoteFile, folder: Path) -> Path:
    """Puts `file` into `folder`, under its own name only once its digest is right.

    Raises:
        Unavailable: no address could be reached.
        DataError: an address served something else.
    """
    target = folder / file.name
    if target.is_file() and _sha256(target) == file.sha256:
        return target
    make_folder(folder)
    failures: list[Unavailable | DataError] = []
    with progress(file.name, size=file.size) as report:
        for url in file.urls:
            try:
                return _download(file, url, target, report)
            except (Unavailable, DataError) as error:
                failures.append(error)
        raise failures[-1]


def require_digest(path: Path, sha256: str) -> None:
    """DataError unless the file at `path` has the hex digest `sha256`."""
    found = _sha256(path)
    if found != sha256:
        raise DataError(
            f"{path} has SHA-256 {found[:12]}, expected {sha256[:12]}",
            fix="delete it and fetch it again",
        )


def _download(file: RemoteFile, url: str, target: Path, report: Callable[[int], None]) -> Path:
    part = target.with_name(f"{target.name}.part")
    is_leftover = part.is_file()
    idle = 0
    while True:
        before = _size(part)
        try:
            if before != file.size:
                _transfer(url, part, file.size, report)
        except (OSError, http.client.HTTPException, _CutError) as error:
            idle = idle + 1 if _size(part) <= before else 1
            if idle >= _ATTEMPTS or _is_final(error):
                raise Unavailable(f"{url}: {_reason(error)}", fix="check the network") from error
            continue
        found = _sha256(part)
        if found == file.sha256:
            with writing(target):
                part.replace(target)
            return target
        part.unlink()
        if not is_leftover:
            raise DataError(
                f"{url} served a file with SHA-256 {found[:12]}, expected {file.sha256[:12]}",
                fix="fetch it again, from another network or source",
            )
        is_leftover = False  # the wrong bytes may be those left from an earlier process


def _transfer(url: str, part: Path, size: int, report: Callable[[int], None]) -> None:
    """Appends to `part` what is missing of it, or writes it anew if the server cannot resume.

    Raises OSError, HTTPException or _CutError if the transfer ends early.
    """
    have = _size(part)
    if have > size:
        part.unlink()
        have = 0
    headers = {"User-Agent": "fmtool", **({"Range": f"bytes={have}-"} if have else {})}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  the addresses are ours
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310
        is_resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
        done = have if is_resumed else 0
        with writing(part), part.open("ab" if is_resumed else "wb") as sink:
            while done <= size and (chunk := _read(response)):
                sink.write(chunk)
                done += len(chunk)
                report(done)
    if done < size:
        raise _CutError(f"the transfer stopped at {done:,} of {size:,} bytes")


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read(_CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _CutError(_reason(error)) from error


def _is_final(error: Exception) -> bool:
    """A 4xx answer stays the same however often it is asked for."""
    return isinstance(error, urllib.error.HTTPError) and error.code < 500


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError):
        return str(error.reason)
    return str(error) or type(error).__name__


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
