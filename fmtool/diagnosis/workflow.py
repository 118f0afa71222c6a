"""All that `fmtool doctor` looks at, and the exit code that it comes to."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fmtool import __version__
from fmtool.data.fetching import cache as data_cache
from fmtool.diagnosis import backends, extras
from fmtool.diagnosis.backends import BackendState
from fmtool.diagnosis.places import Place, look_at
from fmtool.errors import ExitCode
from fmtool.machine import cache
from fmtool.runs import hardware, provenance

_PACKAGES = ("keras", "numpy", "hydra-core", "omegaconf", "pydantic", "rich")


@dataclass(frozen=True)
class Diagnosis:
    """The state of an installation.

    Args:
        missing: packages by the extra that lists them; None where no distribution is installed.
    """

    backends: list[BackendState]
    places: list[Place]
    hardware: dict[str, Any]
    packages: dict[str, str]
    missing: dict[str, list[str]] | None

    @property
    def problems(self) -> list[tuple[ExitCode, str]]:
        """Faults by their exit codes, the worst first."""
        found = []
        if not any(each.is_installed for each in self.backends):
            found.append((ExitCode.USAGE, "no backend is installed"))
        for state in self.backends:
            if state.error:
                found.append((ExitCode.UNAVAILABLE, f"{state.name}: {state.error}"))
        for place in self.places:
            if place.error:
                found.append((ExitCode.CANNOT_CREATE, f"{place.purpose}: {place.error}"))
        return found

    @property
    def exit_code(self) -> int:
        return self.problems[0][0] if self.problems else ExitCode.SUCCESS

    def to_json(self) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "exit_code": int(self.exit_code),
            "fmtool": __version__,
            "python": platform.python_version(),
            "packages": self.packages,
            "hardware": self.hardware,
            "backends": [each.to_json() for each in self.backends],
            "places": [each.to_json() for each in self.places],
            "missing": self.missing,
            "problems": [text for _, text in self.problems],
        }


def diagnose(tried: Sequence[str], *, runs_dir: Path) -> Diagnosis:
    """Nothing is written but what a backend itself keeps.

    Args:
        tried: the backends that are imported, each in a process of its own.
    """
    distribution = extras.own()
    known = provenance.package_versions("")
    return Diagnosis(
        backends=backends.states(tried),
        places=[
            look_at("data sets", data_cache.root()),
            look_at("compiled programs", cache.root()),
            look_at("runs", runs_dir),
        ],
        hardware=hardware.describe(),
        packages={name: known[name] for name in _PACKAGES if name in known},
        missing=None if distribution is None else extras.missing(distribution),
    )
