"""JSON that every parser accepts: NaN and infinities become null and are listed by name."""

import json
import math
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from fmtool.errors import DataError
from fmtool.safety import regular_file


def finite(value: Any, where: str = "") -> tuple[Any, list[str]]:
    """`value` in plain JSON types, and the dotted names of the numbers that were not finite."""
    lost: list[str] = []
    return _plain(value, where, lost), lost


def _plain(value: Any, where: str, lost: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item, _join(where, key), lost) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, _join(where, index), lost) for index, item in enumerate(value)]
    if value is None or isinstance(value, bool | str):
        return value
    # NumPy scalars are registered as numbers, so metrics need no conversion by the caller.
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        if math.isfinite(value):
            return float(value)
        lost.append(where)
        return None
    raise TypeError(f"{where or 'value'} is a {type(value).__name__}, which JSON cannot hold")


def _join(where: str, key: object) -> str:
    return f"{where}.{key}" if where else str(key)


def encode(value: Any) -> str:
    """ASCII only, so that a name from outside cannot smuggle terminal codes into a log."""
    return json.dumps(finite(value)[0], indent=2, allow_nan=False) + "\n"


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; DataError where there is none."""
    try:
        value = json.loads(regular_file.read_text(path))
    except (OSError, ValueError, RecursionError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else "not valid JSON"
        raise DataError(f"cannot read {path}: {reason}") from error
    if not isinstance(value, dict):
        raise DataError(f"cannot read {path}: not a JSON object")
    return value
