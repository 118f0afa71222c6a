"""Optional packages that are not installed, by the extra of our distribution that lists them."""

import re
from collections.abc import Iterator
from importlib.metadata import (
    Distribution,
    PackageNotFoundError,
    distribution,
    entry_points,
)

_ENTRY_POINT = "fmtool.cli.main:entry_point"
_REQUIREMENT = re.compile(
    r"(?P<name>[\w.-]+)\s*(?:\[(?P<extras>[\w,\s-]+)\])?(?P<versions>[^;]*)"
    r"(?:;.*?\bextra\s*==\s*['\"](?P<extra>[\w-]+)['\"])?"
)
_ELSEWHERE = re.compile(r"\b(sys_platform|platform_system) == ['\"](?!linux)\w+", re.IGNORECASE)
_FOR_DEVELOPERS = {"dev", "test"}


def own() -> Distribution | None:
    """The distribution that brings the command, whatever it is called; None for a bare checkout."""
    for each in entry_points(group="console_scripts", name="fmtool"):
        if each.value == _ENTRY_POINT and each.dist is not None:
            return each.dist
    return None


def missing(found: Distribution) -> dict[str, list[str]]:
    """The requirements of each extra, those of extras that it includes too, that are not there."""
    names = dict.fromkeys(each["extra"] for each in _optional(found))
    return {
        extra: list(dict.fromkeys(_lacking(found, extra, frozenset())))
        for extra in sorted({*names} - _FOR_DEVELOPERS)
    }


def _optional(found: Distribution) -> list[re.Match[str]]:
    """The requirements that belong to an extra, but for those of other systems than Linux."""
    ours = (each for each in found.requires or () if _ELSEWHERE.search(each) is None)
    matches = map(_REQUIREMENT.match, ours)
    return [each for each in matches if each is not None and each["extra"]]


def _lacking(found: Distribution, extra: str, above: frozenset[tuple[str, str]]) -> Iterator[str]:
    itself = _canonical(found.name), extra
    for each in _optional(found) if itself not in above else ():
        if each["extra"] != extra:
            continue
        inner = [name.strip() for name in (each["extras"] or "").split(",") if name.strip()]
        if _canonical(each["name"]) == itself[0]:
            there: Distribution | None = found
        else:
            there = _installed(each["name"])
        if there is None:
            extras = f"[{','.join(inner)}]" if inner else ""
            yield f"{each['name']}{extras}{each['versions'].strip()}"
            continue
        for name in inner:
            yield from _lacking(there, name, above | {itself})


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None
