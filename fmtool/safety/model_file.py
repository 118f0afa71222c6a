"""The gate that every .keras file passes before Keras opens it.

Keras' own `safe_mode` has been got round time and again (CVE-2024-3660, CVE-2025-1550,
CVE-2025-9905, CVE-2025-9906 among others), so it is the second line here, not the first.
"""

import io
import json
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.errors import DataError, Refused, raise_if_used_up
from fmtool.safety import model_config, model_weights
from fmtool.safety.model_config import shown
from fmtool.safety.regular_file import open_file

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_ZIP, _HDF5 = b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
_MAX_MEMBERS = 10_000
_MAX_BYTES = 1 << 36
"""64 GiB unpacked."""
_MAX_JSON_BYTES = 1 << 25
_HIGHEST_RATIO = 100
"""Keras stores; deflate reaches 1032."""
_FIX = "delete the file unless you trust who made it"
_DAMAGE = "let the run finish, or train again"


@dataclass(frozen=True)
class Contents:
    """The contents of a model file.

    Args:
        config: config.json.
        is_plain_keras: whether none of its classes came from elsewhere than Keras.
        stored_numbers: how many weights the file holds.
    """

    config: dict[str, Any]
    is_plain_keras: bool
    stored_numbers: int


def check(path: Path, *, registered: Collection[str]) -> Contents:
    """Reads a model file without Keras.

    Args:
        registered: names of Keras' registry, see `model_config.check`.

    Raises:
        Refused: no .keras archive, or one with more in it than a network and its weights.
        DataError: missing or damaged.
    """
    try:
        _check_kind(path)
        with open_file(path) as file, zipfile.ZipFile(file) as archive:
            _check_members(archive.infolist(), origin=str(path))
            config = json.loads(archive.read(CONFIG))
            weights = io.BytesIO(archive.read(WEIGHTS))
    except KeyError as error:
        raise DataError(f"{path} is no whole model: {error.args[0]}", fix=_DAMAGE) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: its {CONFIG} is not valid JSON", fix=_DAMAGE) from error
    # A RuntimeError asks for the password.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise_if_used_up(error)
        raise DataError(f"{path} is damaged: {error}", fix=_DAMAGE) from error
    is_plain = model_config.check(config, origin=str(path), registered=registered)
    return Contents(config, is_plain, model_weights.check(weights, origin=str(path)))


def _check_kind(path: Path) -> None:
    if not path.exists():
        raise DataError(f"{path} is missing: the run has no model to evaluate", fix=_DAMAGE)
    if not path.is_file():
        raise Refused(f"{path} is not a regular file", fix="put the .keras file there")
    with open_file(path) as file:
        magic = file.read(len(_HDF5))
    if magic == _HDF5 or path.suffix != ".keras":
        raise Refused(
            f"{path} is not in the .keras format, and no other can be checked",
            fix="save the model as .keras",
        )
    if not magic.startswith(_ZIP):
        raise DataError(f"{path} is not a .keras file, or its start is lost", fix=_DAMAGE)


def _check_members(members: list[zipfile.ZipInfo], *, origin: str) -> None:
    names = [member.filename for member in members]
    if len(names) > _MAX_MEMBERS:
        raise Refused(f"{origin} has {len(names):,} members", fix=_FIX)
    if len(set(names)) < len(names):
        raise Refused(f"{origin} has two members of one name", fix=_FIX)
    if sum(member.file_size for member in members) > _MAX_BYTES:
        raise Refused(f"{origin} unpacks to more than {_MAX_BYTES:,} bytes", fix=_FIX)
    for member in members:
        name, size = member.filename, member.file_size
        if not _belongs(name):
            raise Refused(f"{origin} has a member {shown(name)}, which no model has", fix=_FIX)
        if size > _HIGHEST_RATIO * member.compress_size:
            raise Refused(f"{origin}: {shown(name)} unpacks to {size:,} bytes", fix=_FIX)
        if name in (CONFIG, METADATA) and size > _MAX_JSON_BYTES:
            raise Refused(f"{origin}: {name} has {size:,} bytes", fix=_FIX)


def _belongs(name: str) -> bool:
    """Three files, and what layers of a plugin keep under assets/."""
    if name in (CONFIG, METADATA, WEIGHTS):
        return True
    parts = name.split("/")
    is_plain = not any(character in name for character in "\\:")
    return is_plain and parts[0] == "assets" and not {"", ".", ".."} & set(parts[1:])
