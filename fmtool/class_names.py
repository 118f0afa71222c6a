"""The rules for names of classes, the same for folders, tables, texts, arrays and command lines.

A name is what is written, without spaces around it and in Unicode's composed form. Names that
differ only in case, spaces, or in how a number is spelled, are two spellings of one class, and a
data set has to choose. Classes are in natural order: numbers by value, others letter by letter with
the numbers in them by value, so that `class2` comes before `class10`.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from fmtool.errors import DataError

ORDER = "natural order: numbers by value, class2 before class10"
"""The rule for messages."""

SEPARATOR = ";"
"""Stands between several classes in one cell of a table."""

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,9})?", re.ASCII)
_PARTS = re.compile(r"[0-9]+|[^0-9]")
_MAX_SHOWN = 24
"""Characters of a name in a figure."""
_LONGEST_NUMBER = 4000
"""Characters; a longer name is text."""

Key = tuple[tuple[int, int, str], ...]


def written(label: str) -> str:
    """The name of a class from the label, folder or file that says it."""
    return unicodedata.normalize("NFC", label).strip()


def is_number(name: str) -> bool:
    """Tells decimal numbers from other names: True for `-1`, `007` or `1e3`."""
    return len(name) <= _LONGEST_NUMBER and _NUMBER.fullmatch(name) is not None


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Different names in the order of the classes, see the head of this file."""
    distinct = set(names)
    if all(map(is_number, distinct)):
        return tuple(sorted(distinct, key=lambda name: (Decimal(name), name)))
    return tuple(sorted(distinct, key=lambda name: (natural_key(name), name)))


def natural_key(name: str) -> Key:
    """Sorts by code points, and digits that follow each other by the value of their number."""
    return tuple(map(_part_key, _PARTS.findall(name)))


def _part_key(part: str) -> tuple[int, int, str]:
    if not part.isascii() or not part.isdigit():
        return ord(part), 0, ""
    digits = part.lstrip("0")
    return ord("0"), len(digits), digits


def is_expected_order(names: Sequence[str]) -> bool:
    """True where a user who lists something class by class would take the same order.

    True for 0, 1, ... n-1, for names that every way of sorting puts in this order, and for an
    order that the data set itself has given to its label values.
    """
    if any(map(is_number, names)):
        given = [str(number) for number in range(len(names))]
        return list(names) == given or tuple(names) != ordered(names)
    ways = (list(ordered(names)), sorted(names), sorted(names, key=str.casefold))
    return list(names) != ways[0] or all(each == ways[0] for each in ways)


def spelling_key(name: str) -> str:
    """Equal for the spellings of one class: `Neg` and `neg`, `01` and `1`."""
    if is_number(name):
        return _value(name)
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def _value(number: str) -> str:
    """One spelling for each value, exact for any number of digits."""
    sign, digits, exponent = Decimal(number).as_tuple()
    assert isinstance(exponent, int), "neither infinite nor NaN"
    text = "".join(map(str, digits)).lstrip("0")
    significant = text.rstrip("0")
    if not significant:
        return "0"
    shift = exponent + len(text) - len(significant)
    return f"{'-' if sign else ''}{significant}e{shift}"


def spellings(counts: Mapping[str, int]) -> list[list[str]]:
    """Groups of names that are spellings of one class, the most frequent of each first.

    Args:
        counts: samples by name.
    """
    groups: dict[str, list[str]] = {}
    for name in ordered(counts):
        groups.setdefault(spelling_key(name), []).append(name)
    several = (group for group in groups.values() if len(group) > 1)
    return [sorted(group, key=lambda name: -counts[name]) for group in several]


def collision(origin: object, group: Sequence[str], counts: Mapping[str, int]) -> DataError:
    """The error for one of the groups of `spellings`.

    Args:
        origin: a file, with the line of a rarer spelling where it has lines, or a folder.
    """
    said = " and ".join(f"'{name}' ({counts[name]:,})" for name in group)
    return DataError(
        f"{origin}: names collide: {said} are spellings of one class",
        fix=f"spell it one way, such as '{group[0]}'",
    )


def shortened(name: str) -> str:
    """A name as figures show it, cut in the middle: numbered names differ at their end."""
    half = _MAX_SHOWN // 2
    return name if len(name) <= _MAX_SHOWN else f"{name[:half]}…{name[1 - half :]}"
