"""Optional packages that are not installed, by the extra of our distribution that lists them."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, entry_points, version

_ENTRY_POINT = "fmtool.cli.main:entry_point"
_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)\s*(?:\[(?P<extras>[\w,\s-]+)\])?(?P<versions>[^;]*)"
    r"(?:;.*?\bextra\s*==\s*['\"](?P<extra>[\w-]+)['\"])?"
)
_FOR_DEVELOPERS = {"dev", "test"}


def own() -> Distribution | None:
    """The distribution that brings the command, whatever it is called; None for a bare checkout."""
    for each in entry_points(group="console_scripts", name="fmtool"):
        if each.value == _ENTRY_POINT and each.dist is not None:
            return each.dist
    return None


def missing(distribution: Distribution) -> dict[str, list[str]]:
    """The requirements of each extra, those of extras that it includes too, that are not there."""
    matches = [_REQUIREMENT.match(each) for each in distribution.requires or ()]
    found = [each for each in matches if each is not None and each["extra"]]
    names = dict.fromkeys(each["extra"] for each in found if each["extra"] not in _FOR_DEVELOPERS)
    itself = _canonical(distribution.name)
    return {extra: _missing(extra, found, itself, frozenset()) for extra in sorted(names)}


def _missing(
    extra: str, found: list[re.Match[str]], itself: str, above: frozenset[str]
) -> list[str]:
    lacking: list[str] = []
    for each in (match for match in found if match["extra"] == extra):
        inner = [name.strip() for name in (each["extras"] or "").split(",") if name.strip()]
        if _canonical(each["name"]) == itself:
            for name in (name for name in inner if name not in above):
                lacking += _missing(name, found, itself, above | {extra})
        elif not _is_installed(each["name"]):
            extras = f"[{','.join(inner)}]" if inner else ""
            lacking.append(f"{each['name']}{extras}{each['versions'].strip()}")
    return list(dict.fromkeys(lacking))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
