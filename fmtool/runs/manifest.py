"""manifest.json: everything beside the configuration that a run's numbers depend on.

It may be published: no secret, no host name and no path that names the user goes into it.
"""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fmtool import __version__
from fmtool.runs import hardware, provenance, rules
from fmtool.runs.atomic import write_json
from fmtool.runs.identity import config_digest
from fmtool.runs.strict_json import read_object

SCHEMA_VERSION = 1


def collect(  # noqa: PLR0913 - each is a separate fact that only the caller knows
    *,
    argv: Sequence[str],
    config: Mapping[str, Any],
    request_digest: str | None,
    seeds: Mapping[str, int],
    data_digest: str,
    selection_digest: str,
    data_facts: Mapping[str, Any],
    artifacts: Mapping[str, str],
    backend: str,
    device: str,
    precision: str,
    threads: int,
    plugins: Sequence[str],
    extra: Mapping[str, Any],
) -> dict[str, Any]:
    """The manifest of a run that starts now.

    Args:
        config: the resolved configuration in JSON types.
        request_digest: see `identity.request_digest`; None where it was not asked for.
        selection_digest: hex SHA-256 of which samples went to which split.
        data_facts: the names of the classes, and what was found of samples that were fitted, in
            JSON types.
        artifacts: the digests of what was fitted, by file name.
        extra: further entries in JSON types, such as `sweep`, the id of the sweep it belongs to.
    """
    facts = {
        "schema_version": SCHEMA_VERSION,
        "started": _now(),
        "fmtool": __version__,
        rules.KEY: rules.CURRENT,
        "argv": list(argv),
        "config": dict(config),
        "config_digest": config_digest(config),
        "request_digest": request_digest,
        "seeds": dict(seeds),
        "data_digest": data_digest,
        "selection_digest": selection_digest,
        "data": dict(data_facts),
        "artifacts": dict(artifacts),
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


def resumed(path: Path, entry: Mapping[str, Any], *, config: Mapping[str, Any]) -> None:
    """Notes a resume, and that the run has not ended after all.

    Args:
        config: the resolved configuration from here on, in JSON types.
        entry: `from_step`, `argv` and `changes` of the config, in JSON types; the time and the
            versions that are no longer those of the start are added.
    """
    before = read_object(path)
    document = {key: value for key, value in before.items() if key not in ("ended", "seconds")}
    public: dict[str, Any] = provenance.without_private_parts(dict(config))
    document |= {"config": public, "config_digest": config_digest(config)}
    versions = version_changes(before)
    write_json(path, _with_event(document, "resumes", {**entry, "versions": versions}))


def rolled_back(path: Path, entry: Mapping[str, Any]) -> None:
    """Notes that training diverged and went on from an earlier checkpoint, and when."""
    write_json(path, _with_event(read_object(path), "rollbacks", entry))


def _with_event(document: Mapping[str, Any], kind: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    public = provenance.without_private_parts({"time": _now(), **entry})
    return {**document, kind: [*document.get(kind, []), public]}


def changes(manifest: Mapping[str, Any]) -> dict[str, list[str | None]]:
    """Changes since a manifest that may decide the last bits of a result: [then, now]."""
    found = version_changes(manifest)
    machine, known = hardware.describe(), manifest.get("hardware", {})
    cpu, cpu_then = machine["cpu"], known.get("cpu", {})
    pairs = {
        "CPU": (cpu_then.get("model"), cpu["model"]),
        "instruction sets": (_joined(cpu_then.get("flags", ())), _joined(cpu["flags"])),
        "GPUs": (_gpu_names(known.get("gpus", ())), _gpu_names(machine["gpus"])),
    }
    # How many threads there are is in the config; with fewer processors they have to share.
    if cpu["usable"] < manifest.get("threads", 0):
        pairs["processors"] = str(cpu_then.get("usable")), str(cpu["usable"])
    return found | {name: [was, now] for name, (was, now) in pairs.items() if was != now}


def _gpu_names(gpus: Iterable[Mapping[str, str]]) -> str:
    return _joined(f"{gpu.get('name')} with driver {gpu.get('driver')}" for gpu in gpus)


def _joined(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def version_changes(manifest: Mapping[str, Any]) -> dict[str, list[str | None]]:
    """Other versions of Python, fmtool and the packages than then: [then, now]."""
    recorded = manifest.get("packages", {})
    # Earlier releases recorded packages that decide nothing any more.
    then = {name: recorded[name] for name in provenance.PACKAGES if name in recorded}
    then |= {"fmtool": manifest.get("fmtool"), "python": manifest.get("python")}
    now = provenance.package_versions(manifest.get("backend", ""))
    now |= {"fmtool": __version__, "python": platform.python_version()}
    return {
        name: [then.get(name), now.get(name)]
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    }


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
