"""Reads a bundle.zip: its members, and whether they are what it says they are."""

import hashlib
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from fmtool.data.reading.regular_file import open_regular
from fmtool.errors import DataError, Refused, raise_if_used_up
from fmtool.export import bundle, check_pictures, clients, documents
from fmtool.notices import printable
from fmtool.runs.layout import ARTIFACTS

_REQUIRED = (
    bundle.CARD, bundle.PREPROCESSING, bundle.README, bundle.REPORT, bundle.SUMS,
)  # fmt: skip
_OPTIONAL = (bundle.SAMPLES, *ARTIFACTS)
_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_BLOCK = 1 << 20
_MAX_MEMBERS = 100_000
_MAX_TEXT = 1 << 25
_FIX = "get the bundle again, or export it again with bundle=true"


class Bundle:
    """An open bundle whose members have names that belong in a folder."""

    def __init__(self, archive: zipfile.ZipFile, origin: str) -> None:
        self._archive, self._origin = archive, origin
        self.names = tuple(member.filename for member in archive.infolist())

    def text(self, name: str) -> str:
        """A short member; DataError where it is missing, damaged, too long or no text."""
        with self._damage_named(name):
            if self._archive.getinfo(name).file_size > _MAX_TEXT:
                raise DataError(f"{self._origin}: {name} is too long", fix=_FIX)
            return self._archive.read(name).decode("utf-8")

    def digest(self, name: str) -> str | None:
        """Hex SHA-256; None where the member cannot be read."""
        found = hashlib.sha256()
        try:
            with self._archive.open(name) as file:
                while block := file.read(_BLOCK):
                    found.update(block)
        except (zipfile.BadZipFile, OSError, EOFError) as error:
            raise_if_used_up(error)
            return None
        return found.hexdigest()

    def extract(self, prefix: str, folder: Path) -> None:
        """Writes the members whose names begin with `prefix` below `folder`."""
        for name in self.names:
            if name.startswith(prefix):
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with self._archive.open(name) as source, path.open("wb") as target:
                    shutil.copyfileobj(source, target, _BLOCK)

    @contextmanager
    def _damage_named(self, name: str) -> Iterator[None]:
        try:
            yield
        except KeyError as error:
            raise DataError(f"{self._origin} has no {name}", fix=_FIX) from error
        except (zipfile.BadZipFile, OSError, EOFError, ValueError, RecursionError) as error:
            raise_if_used_up(error)
            raise DataError(f"{self._origin}: {name} is damaged: {error}", fix=_FIX) from error


@contextmanager
def opened(path: Path) -> Iterator[Bundle]:
    """The bundle in `path`.

    Raises:
        DataError: it is missing, no whole archive, or none that fmtool writes.
        Refused: a member has a place outside of the folder that it would be unpacked to.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise_if_used_up(error)
        raise DataError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    size = found.st_size
    if stat.S_ISREG(found.st_mode) and not size:
        raise DataError(f"{path} is no whole archive: it is empty", fix=_FIX)
    with open_regular(path) as file, _archive_in(file, path) as archive:
        members = archive.infolist()
        # An archive that was cut off may end in the one of a member, which then is what is found.
        if not members or min(each.header_offset for each in members) or archive.comment:
            raise DataError(f"{path} is no whole archive, or not that alone", fix=_FIX)
        _check_members(members, size, str(path))
        yield Bundle(archive, str(path))


def _archive_in(file: BinaryIO, path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    # The last asks for a later version of the format.
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise_if_used_up(error)
        raise DataError(f"{path} is no whole archive: {error}", fix=_FIX) from error


def _check_members(members: list[zipfile.ZipInfo], size: int, origin: str) -> None:
    names = {member.filename.casefold() for member in members}
    if len(names) < len(members) or len(members) > _MAX_MEMBERS:
        raise DataError(f"{origin} has two members of one name, or too many", fix=_FIX)
    for member in members:
        name = member.filename
        if not _stays_inside(name) or stat.S_ISLNK(member.external_attr >> 16):
            raise Refused(
                f"{origin} has a member {printable(name)!r}, which would lead out of its folder",
                fix="delete it unless you trust who made it",
            )
        # What is compressed could unpack to any size.
        is_stored = member.compress_type == zipfile.ZIP_STORED and not member.flag_bits & 1
        if not is_stored or name.endswith("/"):
            raise DataError(f"{origin}: {printable(name)} is not stored as a file", fix=_FIX)
    if sum(member.file_size for member in members) > size:
        raise DataError(f"{origin} has members that overlap", fix=_FIX)


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    is_plain = name.isprintable() and not set("\\:") & set(name)
    parts = set(name.removesuffix("/").split("/"))
    return is_plain and not path.is_absolute() and not {"", ".", ".."} & parts


def problems(found: Bundle) -> list[str]:
    """Lines on all that is missing, changed or too much; none for a sound bundle."""
    lines = [f"{name} is missing" for name in _REQUIRED if name not in found.names]
    if lines:
        return lines
    members = sorted(set(found.names) - {bundle.SUMS})
    digests = {name: found.digest(name) for name in members}
    return problems_of_sums(found, digests) or _problems_of_report(found, digests)


def problems_of_sums(found: Bundle, digests: Mapping[str, str | None]) -> list[str]:
    """Lines on all that is missing, too much, or not as the list of digests says.

    Args:
        digests: of the members that are looked at, by name.

    Raises DataError where there is no list.
    """
    listed, lines = _sums(found)
    members = set(found.names) - {bundle.SUMS}
    lines += [f"{printable(name)} is missing" for name in sorted(set(listed) - members)]
    lines += [f"{printable(name)} is not in {bundle.SUMS}" for name in sorted(members - {*listed})]
    for name in sorted(digests.keys() & listed.keys()):
        if digests[name] is None:
            lines.append(f"{name} is damaged")
        elif digests[name] != listed[name]:
            lines.append(f"{name} is not what {bundle.SUMS} says")
    return lines


def _sums(found: Bundle) -> tuple[dict[str, str], list[str]]:
    """Digests by name, and what is wrong with the list."""
    listed: dict[str, str] = {}
    for number, line in enumerate(found.text(bundle.SUMS).splitlines(), start=1):
        match = _LINE.fullmatch(line)
        if match is None or match[2] in listed:
            return listed, [f"{bundle.SUMS} is malformed in line {number}"]
        listed[match[2]] = match[1]
    return listed, []


def _problems_of_report(found: Bundle, digests: Mapping[str, str | None]) -> list[str]:
    """The problems of export.json beside the files."""
    lines, known = [], {*_REQUIRED, *_OPTIONAL, f"{bundle.CLIENTS}/{clients.SHARED}"}
    try:
        rows, pictures = rows_of(found), pictures_of(found)
        has_labels = report_of(found).get("target", {}).get("kind") != "numbers"
    except DataError as error:
        return [error.message]
    if has_labels:
        known.add(bundle.LABELS)
        lines += [] if bundle.LABELS in digests else [f"{bundle.LABELS} is missing"]
    if pictures:
        known |= {check_pictures.ANSWERS, *(f"{bundle.PICTURES}/{row['file']}" for row in pictures)}
    for row in rows:
        script = f"{bundle.CLIENTS}/{clients.script(row['format'])}"
        files = {f"{row['name']}/{name}": digest for name, digest in row["sha256"].items()}
        known |= {script, *files}
        if script not in digests:
            lines.append(f"{script} is missing")
        for name, digest in files.items():
            if digests.get(name) != digest:
                state = "not what it says" if name in digests else "missing"
                lines.append(f"{bundle.REPORT} lists {name}, which is {state}")
        if not any(name == row["path"] or name.startswith(f"{row['path']}/") for name in files):
            lines.append(f"{row['path']} is missing")
    lines += [f"{name} belongs to no bundle" for name in sorted({*digests} - known)]
    return lines


def report_of(found: Bundle) -> dict[str, Any]:
    """export.json; DataError, with the field, where something else stands there."""
    report = documents.parsed(
        documents.ReportDocument,
        found.text(bundle.REPORT),
        what=f"{bundle.REPORT} is malformed",
        fix=_FIX,
    )
    return documents.plain(report)


def rows_of(found: Bundle) -> list[dict[str, Any]]:
    """The models in export.json; DataError as `report_of`."""
    rows: list[dict[str, Any]] = report_of(found)["files"]
    return rows


def pictures_of(found: Bundle) -> list[dict[str, Any]]:
    """The pictures of other sizes, with the answers of the run; none where there are none.

    Raises DataError, with the field, for something else.
    """
    if check_pictures.ANSWERS not in found.names:
        return []
    answers = documents.parsed(
        documents.PicturesDocument,
        found.text(check_pictures.ANSWERS),
        what=f"{check_pictures.ANSWERS} is malformed",
        fix=_FIX,
    )
    rows: list[dict[str, Any]] = documents.plain(answers)["pictures"]
    for row in rows:
        if f"{bundle.PICTURES}/{row['file']}" not in found.names:
            raise DataError(f"{bundle.PICTURES}/{row['file']} is missing", fix=_FIX)
    return rows
