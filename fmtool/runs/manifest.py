"""manifest.json: everything beside the configuration that a run's numbers depend on.

It may be published: no secret, no host name and no path that names the user goes into it.
"""

import os
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fmtool import __version__
from fmtool.runs import hardware, provenance
from fmtool.runs.atomic import write_json
from fmtool.runs.strict_json import read_object

SCHEMA_VERSION = 1


def collect(  # noqa: PLR0913 - each is a separate fact that only the caller knows
    *,
    argv: Sequence[str],
    seeds: Mapping[str, int],
    data_digest: str,
    selection_digest: str,
    backend: str,
    device: str,
    precision: str,
    threads: int,
    plugins: Sequence[str],
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """The manifest of a run that starts now.

    Args:
        selection_digest: hex SHA-256 of which samples went to which split.
        extra: further entries in JSON types, such as `sweep`, the id of the sweep it belongs to.
    """
    facts = {
        "schema_version": SCHEMA_VERSION,
        "started": _now(),
        "fmtool": __version__,
        "argv": list(argv),
        "seeds": dict(seeds),
        "data_digest": data_digest,
        "selection_digest": selection_digest,
        "backend": backend,
        "device": device,
        "precision": precision,
        "threads": threads,
        "plugins": list(plugins),
        "python": platform.python_version(),
        "platform": _platform(),
        "packages": provenance.package_versions(backend),
        "git": provenance.git_state(Path.cwd()),
        "hardware": hardware.describe(),
        "environment": provenance.environment(os.environ),
        "extra": dict(extra),
    }
    public: dict[str, Any] = provenance.without_private_parts(facts)
    return public


def write(path: Path, manifest: Mapping[str, Any]) -> None:
    write_json(path, manifest)


def finish(path: Path, *, seconds: float) -> None:
    """Adds the end of the run; `seconds` comes from a clock that never jumps."""
    write_json(path, {**read_object(path), "ended": _now(), "seconds": seconds})


def _now() -> str:
    """UTC, in a form whose alphabetical order is the order in time."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _platform() -> dict[str, str]:
    try:
        distribution = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        distribution = ""
    return {
        "system": platform.system(),
        "release": platform.release(),
        "distribution": distribution,
        "libc": " ".join(platform.libc_ver()).strip(),
        "machine": platform.machine(),
    }
