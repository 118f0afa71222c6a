"""The packages that fmtool asks for, with their versions, and the commands that install them.

They stand in the metadata of the installation, made of `pyproject.toml`, and nowhere else. No
command names fmtool itself to an index: a package of that name there is somebody else's.
"""

import re
import shlex
from collections.abc import Iterable
from functools import cache
from importlib import metadata

DISTRIBUTION = "fmtoolkit"
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[(?P<extras>[^]]*)\])?(?P<versions>[^;]*)")
_EXTRA = re.compile(r"extra\s*==\s*['\"](?P<name>[^'\"]+)['\"]")


def of_extra(extra: str) -> tuple[str, ...]:
    """The requirements of an extra, those of extras that it names included.

    Empty where fmtool runs from a folder without being installed.
    """
    found: dict[str, None] = {}
    for wanted, requirement in _declared():
        if wanted != extra:
            continue
        parts = _REQUIREMENT.match(requirement)
        assert parts is not None
        if parts["name"] == DISTRIBUTION:
            for inner in parts["extras"].split(","):
                found |= dict.fromkeys(of_extra(inner.strip()))
        else:
            found[requirement] = None
    return tuple(found)


def install_extra(extra: str) -> str:
    """The command that installs what is missing of an extra; all of it, where nothing is."""
    requirements = of_extra(extra)
    missing = [each for each in requirements if not _is_installed(_name(each))]
    return _install(missing or requirements or [f".[{extra}]"])


def install(*names: str) -> str:
    """The command that installs packages in the versions that fmtool asks for.

    Args:
        names: of the packages, or of modules that are called like them, as ai_edge_litert.
    """
    declared = {_name(requirement): requirement for _, requirement in reversed(_declared())}
    return _install(declared.get(name.replace("_", "-"), name) for name in names)


@cache
def _declared() -> tuple[tuple[str | None, str], ...]:
    """Every requirement with the extra that it is of; None for what is always installed."""
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return ()
    found = []
    for line in lines:
        requirement, _, marker = line.partition(";")
        extra = _EXTRA.search(marker)
        found.append((extra["name"] if extra else None, requirement.strip()))
    return tuple(found)


def _name(requirement: str) -> str:
    parts = _REQUIREMENT.match(requirement)
    assert parts is not None
    return parts["name"].replace("_", "-")


def _is_installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _install(requirements: Iterable[str]) -> str:
    return shlex.join(["pip", "install", *requirements])
