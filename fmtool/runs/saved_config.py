"""The config.yaml of a run, read as plain data."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fmtool.errors import DataError
from fmtool.runs import upgrade
from fmtool.safety import references, regular_file, yaml_text


def read_config(path: Path) -> dict[str, Any]:
    """The mapping in `path`; DataError where there is none. YAML tags make no objects."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = regular_file.read_text(path, most=yaml_text.MAX_CHARACTERS + 1)
        yaml_text.check(text, loader=loader)
        text = yaml_text.with_keys_as_written(text, loader=loader)
        # Both loaders are the safe ones; the one in C takes a tenth of the time.
        config = yaml.load(text, Loader=loader)  # noqa: S506
        if isinstance(config, dict):
            references.check(config)
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except yaml_text.Unfit as fault:
        raise DataError(f"cannot read {path}: {fault}") from fault
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise DataError(f"cannot read {path}: not valid YAML") from error
    if not isinstance(config, dict):
        raise DataError(f"cannot read {path}: not a YAML mapping")
    return config


def read_run_config(path: Path) -> dict[str, Any]:
    """The config of a run in `path`, of whatever release; DataError as `read_config`."""
    return upgrade.completed(read_config(path))


def read_words(path: Path) -> list[str]:
    """The overrides that were typed, of overrides.yaml; DataError where it is no list."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = regular_file.read_text(path, most=yaml_text.MAX_CHARACTERS + 1)
        yaml_text.check(text, loader=loader)
        words = yaml.load(text, Loader=loader)  # noqa: S506 - both loaders are the safe ones
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise DataError(f"cannot read {path}: not valid YAML") from error
    if not isinstance(words, list):
        raise DataError(f"cannot read {path}: not a list")
    return [word for word in words if isinstance(word, str)]


def flatten(config: Mapping[str, Any]) -> dict[str, Any]:
    """Dotted keys to values, lists whole."""
    flat: dict[str, Any] = {}
    pending: list[tuple[str, Any]] = [("", config)]
    while pending:
        prefix, value = pending.pop()
        if isinstance(value, Mapping) and value:
            pending += [(f"{prefix}.{key}" if prefix else str(key), value[key]) for key in value]
        else:
            flat[prefix] = value
    return dict(sorted(flat.items()))
