"""The digest of the training that a config asks for, and the run that did it.

A machine that was taken away repeats its command line and goes on with the run of that digest.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool.errors import DataError
from fmtool.runs import upgrade
from fmtool.runs.layout import RunPaths
from fmtool.runs.records import run_directories
from fmtool.runs.strict_json import read_object

NON_IDENTIFYING_KEYS = frozenset(
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

VARIANT = "variant"
"""The entry in a manifest's `extra` that tells trainings apart whose identity is the same.

A sweep over free keys, such as `epochs=5,10`, asks for a run of each.
"""

_PATH_KEY = re.compile(r"path|.+_(dir|path)")


def is_free(key: str) -> bool:
    """True where a dotted key may differ between two starts of the same training.

    So may paths: what they lead to counts, by the digest of the data.
    """
    return not NON_IDENTIFYING_KEYS.isdisjoint((key, key.partition(".")[0])) or is_path(key)


def is_path(key: str) -> bool:
    """True where a dotted key says where something lies."""
    return any(_PATH_KEY.fullmatch(part) for part in key.split("."))


def config_digest(config: Mapping[str, Any]) -> str:
    """Hex SHA-256 of a nested config in JSON types, whatever the order of its keys."""
    text = json.dumps(config, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def request_digest(
    config: Mapping[str, Any], data_digest: str, *, variant: str | None = None
) -> str:
    """Identity of what was asked for: the config before any `auto` is resolved, and the data.

    Args:
        variant: see `VARIANT`.
    """
    asked = {"config": _identifying(upgrade.without_neutral(config)), "data_digest": data_digest}
    return config_digest(asked if variant is None else {**asked, VARIANT: variant})


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


@dataclass(frozen=True)
class RunIndex:
    """The newest run of each request under a runs directory.

    Args:
        newest: by `request_digest`, when it started and its directory.
        data_digests: of all the runs.
    """

    newest: Mapping[str, tuple[str, Path]]
    data_digests: frozenset[str]

    def find(self, config: Mapping[str, Any], *, variant: str | None = None) -> Path | None:
        """The newest run of a request whose data have not been read, on whatever data it was."""
        digests = (request_digest(config, data, variant=variant) for data in self.data_digests)
        found = [self.newest[digest] for digest in digests if digest in self.newest]
        return max(found)[1] if found else None


def index_runs(runs_dir: Path) -> RunIndex:
    """By one look at every manifest, those of sweeps included.

    A reproduction is left out, even if nothing was left to be resolved: its line was another one.
    """
    newest: dict[str, tuple[str, Path]] = {}
    data_digests = set()
    for root in run_directories(runs_dir):
        try:
            manifest = read_object(RunPaths(root).manifest)
        except (DataError, OSError):  # killed before it was written, or damaged
            continue
        extra = manifest.get("extra")
        if isinstance(extra, Mapping) and REPRODUCES in extra:
            continue
        digest = str(manifest.get("request_digest"))
        start = str(manifest.get("started")), root
        newest[digest] = max(newest.get(digest, start), start)
        data_digests.add(str(manifest.get("data_digest")))
    return RunIndex(newest, frozenset(data_digests))


def find_by_digest(runs_dir: Path, digest: str) -> Path | None:
    """The newest run that was asked for by this `request_digest`."""
    found = index_runs(runs_dir).newest.get(digest)
    return None if found is None else found[1]
