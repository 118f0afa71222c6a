"""Which training a config asks for, as a digest, and the run that did it.

A machine that was taken away repeats its command line and goes on with the run of that digest.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fmtool.errors import DataError
from fmtool.runs.layout import RunPaths
from fmtool.runs.records import run_directories
from fmtool.runs.strict_json import read_object

IDENTITY_FREE = frozenset(
    {
        # How long, and what is written meanwhile: no step computes anything else.
        "epochs",
        "budget",
        "logging",
        "model.summary",
        # Judges a run at its end and changes nothing in it.
        "gate",
        "tta",
        "report",
        "expected",
        # What a run is called and where it lies.
        "name",
        "tags",
        "runs_dir",
        # How it is started.
        "resume",
        "allow_change",
        "dry_run",
        # Never changes a bit: see `IndexedModel`.
        "runtime.steps_per_dispatch",
        "runtime.profile",
        "data.storage",
    }
)
"""The keys, with all below them, that do not tell one training from another."""

REPRODUCES = "reproduces"
"""The entry in a manifest's `extra` with the id of the run that was done again."""

_PATH_KEY = re.compile(r"path|.+_(dir|path)")


def is_free(key: str) -> bool:
    """Whether a dotted key may differ between two starts of the same training.

    So may paths: what they lead to counts, by the digest of the data.
    """
    parts = key.split(".")
    return not IDENTITY_FREE.isdisjoint((key, parts[0])) or any(
        _PATH_KEY.fullmatch(part) for part in parts
    )


def config_digest(config: Mapping[str, Any]) -> str:
    """Hex SHA-256 of a nested config in JSON types, whatever the order of its keys."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def request_digest(config: Mapping[str, Any], data_digest: str) -> str:
    """Identity of what was asked for: the config before any `auto` is resolved, and the data."""
    return config_digest({"config": _identifying(config), "data_digest": data_digest})


def _identifying(config: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    return {
        key: _identifying(value, f"{prefix}{key}.") if isinstance(value, Mapping) else value
        for key, value in config.items()
        if not is_free(f"{prefix}{key}")
    }


def with_free_keys(saved: Mapping[str, Any], requested: Mapping[str, Any]) -> dict[str, Any]:
    """The nested config `saved` with those keys of `requested` that may differ."""
    return _merged(saved, requested, "")


def _merged(saved: Mapping[str, Any], requested: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for key, value in saved.items():
        wanted = requested.get(key, value)
        if is_free(f"{prefix}{key}"):
            merged[key] = wanted
        elif isinstance(value, Mapping) and isinstance(wanted, Mapping):
            merged[key] = _merged(value, wanted, f"{prefix}{key}.")
        else:
            merged[key] = value
    return merged


def find_by_digest(runs_dir: Path, digest: str) -> Path | None:
    """The newest run that was asked for by this `request_digest`, those of sweeps included.

    A reproduction is not, even if nothing was left to be resolved: its line was another one.
    """
    started: dict[tuple[str, str], Path] = {}
    for root in run_directories(runs_dir):
        try:
            manifest = read_object(RunPaths(root).manifest)
        except (DataError, OSError):  # killed before it was written, or damaged
            continue
        extra = manifest.get("extra")
        is_reproduction = isinstance(extra, Mapping) and REPRODUCES in extra
        if manifest.get("request_digest") == digest and not is_reproduction:
            started[str(manifest.get("started")), root.name] = root
    return started[max(started)] if started else None
