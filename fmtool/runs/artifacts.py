"""Files that a run fitted to its data, such as a tokenizer: kept beside the model, with digests."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from fmtool.errors import DataError
from fmtool.runs.atomic import write_bytes
from fmtool.runs.layout import ARTIFACTS, CALIBRATION, RunPaths
from fmtool.runs.strict_json import read_object
from fmtool.safety import regular_file

_KEY = "artifacts"
"""In the manifest and in result.json: names and digests."""
_MAX_BYTES = 1 << 28


def digests(artifacts: Mapping[str, str]) -> dict[str, str]:
    """Hex SHA-256 by name."""
    return {
        name: hashlib.sha256(content.encode()).hexdigest() for name, content in artifacts.items()
    }


def write(paths: RunPaths, artifacts: Mapping[str, str]) -> None:
    """To be called before the manifest, or the result, with their digests is written."""
    for name, content in artifacts.items():
        write_bytes(paths.artifact(name), content.encode())


def read(paths: RunPaths) -> dict[str, str]:
    """The files that the manifest lists, by name; DataError where one is missing or changed."""
    return _read(paths, paths.manifest, ARTIFACTS)


def read_calibration(paths: RunPaths) -> dict[str, str]:
    """The files that result.json lists, as `read`; empty for a run whose task chose nothing."""
    return _read(paths, paths.result, (CALIBRATION,))


def _read(paths: RunPaths, document: Path, names: Sequence[str]) -> dict[str, str]:
    listed = read_object(document).get(_KEY, {}) if document.is_file() else {}
    found = {}
    for name in names:
        if not isinstance(listed, dict) or name not in listed:
            continue
        path, fix = paths.artifact(name), "restore the file, or train again"
        try:
            with regular_file.open_file(path) as file:
                content = file.read(_MAX_BYTES)
        except OSError as error:
            raise DataError(f"{path}: {(error.strerror or str(error)).lower()}", fix=fix) from error
        if hashlib.sha256(content).hexdigest() != listed[name]:
            raise DataError(f"{path} is damaged: it is not what the run wrote", fix=fix)
        try:
            found[name] = content.decode()
        except UnicodeDecodeError as error:
            raise DataError(f"{path} is damaged: it is not UTF-8", fix=fix) from error
    return found
