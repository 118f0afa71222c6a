"""The config.yaml of a run, read as plain data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fmtool.errors import DataError

_MOST_KEYS = 10_000


def read_config(path: Path) -> dict[str, Any]:
    """The mapping in `path`; DataError where there is none. YAML tags make no objects."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        # Both loaders are the safe ones; the one in C takes a tenth of the time.
        config = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise DataError(f"cannot read {path}: not valid YAML") from error
    if not isinstance(config, dict):
        raise DataError(f"cannot read {path}: not a YAML mapping")
    return config


def flatten(config: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys to values, lists whole; DataError for a file that aliases have blown up."""
    flat: dict[str, Any] = {}
    pending: list[tuple[str, Any]] = [("", config)]
    for _ in range(_MOST_KEYS):
        if not pending:
            return dict(sorted(flat.items()))
        prefix, value = pending.pop()
        if isinstance(value, Mapping) and value:
            pending += [(f"{prefix}.{key}" if prefix else str(key), value[key]) for key in value]
        else:
            flat[prefix] = value
    raise DataError(f"the configuration has more than {_MOST_KEYS} keys")
