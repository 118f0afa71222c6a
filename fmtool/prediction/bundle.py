"""One model out of the archive that `fmtool export bundle=true` packs, unpacked for a while."""

import hashlib
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from fmtool.data.memory import in_units
from fmtool.data.regular_file import open_regular
from fmtool.errors import DataError, Refused, UsageError
from fmtool.export import formats, runtimes
from fmtool.runs.atomic import reporting
from fmtool.suggest import did_you_mean

SUMS = "SHA256SUMS"
"""Lists each other file of the archive: its hex SHA-256, two spaces, its path."""

_MOST_MEMBERS = 10_000
_MOST_SUMS_BYTES = 1 << 22
_HIGHEST_RATIO = 100
_ALWAYS_ALLOWED = 1 << 26
"""Bytes: a small archive may unpack to this much."""
_BLOCK = 1 << 20
_TRUST = "delete the file unless you trust who made it"
_DAMAGE = "get the bundle again"


@contextmanager
def unpacked(path: Path, name: str | None) -> Iterator[Path]:
    """The file of a model, in a folder of its own that is gone afterwards.

    Args:
        name: of a folder within the archive, such as `onnx_int8`; None for the first that can run.

    Raises:
        Refused: it could write outside of the folder, or unpacks to far more than it is.
        DataError: it is damaged, or no bundle.
        UsageError: it has no such model, or none that can run here.
    """
    with open_regular(path) as file, _damage_named(path), zipfile.ZipFile(file) as archive:
        members = _checked(archive.infolist(), path)
        sums = _sums(archive, members, path)
        chosen = _choice(members, name, path)
        with tempfile.TemporaryDirectory(prefix="fmtool-bundle-") as folder:
            with reporting(Path(folder)):
                for each in members:
                    if each.startswith(f"{chosen}/"):
                        _extract(archive, members[each], Path(folder, each), sums[each], path)
            yield Path(folder, chosen, formats.module(_format_of(chosen) or "").FILE)


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise DataError(f"{path}: damaged or no bundle ({error})", fix=_DAMAGE) from error


def _checked(found: list[zipfile.ZipInfo], path: Path) -> dict[str, zipfile.ZipInfo]:
    """The files of the archive by their path in it; Refused for what no bundle has."""
    files = [member for member in found if not member.is_dir()]
    members = {member.filename: member for member in files}
    if len(found) > _MOST_MEMBERS or len({name.casefold() for name in members}) < len(files):
        raise Refused(f"{path}: {len(found):,} members, {len(members):,} names", fix=_TRUST)
    for member in found:
        parts = member.filename.removesuffix("/").split("/")
        is_plain = not any(character in member.filename for character in "\\:\0")
        kind = stat.S_IFMT(member.external_attr >> 16)
        if not is_plain or {"", ".", ".."} & set(parts):
            raise Refused(f"{path}: member {member.filename!r} leads out of it", fix=_TRUST)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or member.flag_bits & 1:
            raise Refused(f"{path}: member {member.filename!r} is no plain file", fix=_TRUST)
    needed, packed = sum(member.file_size for member in files), path.stat().st_size
    if needed > max(_ALWAYS_ALLOWED, _HIGHEST_RATIO * packed):
        raise Refused(f"{path}: {in_units(packed)} would unpack to {in_units(needed)}", fix=_TRUST)
    return members


def _sums(
    archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo], path: Path
) -> dict[str, str]:
    """The digests by path; DataError unless each file has one, and each of them its file."""
    if SUMS not in members or members[SUMS].file_size > _MOST_SUMS_BYTES:
        raise DataError(
            f"{path}: no {SUMS} in it", fix="give what `fmtool export bundle=true` made"
        )
    lines = archive.read(SUMS).decode("utf-8", errors="replace").splitlines()
    sums = {name: digest.lower() for digest, _, name in (line.partition("  ") for line in lines)}
    for name in sorted((members.keys() - {SUMS}) ^ sums.keys()):
        what = "is not in it" if name in sums else f"is not listed in {SUMS}"
        raise DataError(f"{path}: {name!r} {what}", fix=_DAMAGE)
    return sums


def _choice(members: Mapping[str, zipfile.ZipInfo], name: str | None, path: Path) -> str:
    """The folder of the model; of those that can run the one that starts soonest, unquantized."""
    folders = {member.split("/")[0] for member in members if "/" in member}
    models = {each: found for each in sorted(folders) if (found := _format_of(each))}
    if not models:
        raise DataError(f"{path}: no model in it", fix="give what `fmtool export bundle=true` made")
    if name is not None:
        if name not in models:
            raise UsageError(
                f"format={name}: the bundle has no such model", fix=did_you_mean(name, models)
            )
        return name
    order = list(runtimes.NEEDS)
    for each in sorted(models, key=lambda each: (order.index(models[each]), len(each), each)):
        if runtimes.runs_here(models[each]):
            return each
    extras = " or ".join(f"'fmtool[{runtimes.NEEDS[each].extra}]'" for each in models.values())
    raise UsageError(
        f"{path}: nothing that is installed runs {', '.join(models)}", fix=f"pip install {extras}"
    )


def _format_of(folder: str) -> str | None:
    """`onnx` for `onnx_int8`; None for a folder of something else."""
    names = (name for name in formats.NAMES if folder == name or folder.startswith(f"{name}_"))
    return next(names, None)


def _extract(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, expected: str, path: Path
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with archive.open(member) as content, target.open("xb") as file:
        while block := content.read(_BLOCK):
            digest.update(block)
            file.write(block)
    if digest.hexdigest() != expected:
        raise DataError(f"{path}: {member.filename!r} is not what {SUMS} says", fix=_DAMAGE)
