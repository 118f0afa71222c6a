"""The flags that every command takes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from fmtool.errors import UsageError

_UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}
_LONGEST_SECONDS = 366 * 24 * 3600


@dataclass
class Flags:
    as_json: bool = False
    plugins: list[str] = field(default_factory=list)
    timeout: float | None = None
    """Seconds after which the command ends in order."""

    @property
    def argv(self) -> list[str]:
        """The flags as words, for a child process; its time is limited by its parent."""
        plugins = [word for plugin in self.plugins for word in ("--plugin", plugin)]
        return [*(["--json"] if self.as_json else []), *plugins]


def take(argv: list[str]) -> tuple[Flags, list[str]]:
    """Takes the flags out of `argv`; UsageError for one without its value or with a wrong one."""
    flags, rest = Flags(), []
    words = iter(argv)
    for word in words:
        name = word.partition("=")[0]
        if word == "--json":
            flags.as_json = True
        elif name == "--plugin":
            flags.plugins.append(_value(word, words, "MODULE or FILE.py"))
        elif name == "--timeout":
            flags.timeout = _seconds(_value(word, words, "90, 30s, 10m or 2h"))
        else:
            rest.append(word)
    return flags, rest


def _value(word: str, following: Iterator[str], example: str) -> str:
    name, is_given, value = word.partition("=")
    if not is_given:
        value = next(following, "")
    if not value:
        raise UsageError(f"{name} needs a value", fix=f"write {name} {example}")
    return value


def _seconds(duration: str) -> float:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smh]?)", duration)
    seconds = float(match[1]) * _UNIT_SECONDS[match[2]] if match else 0.0
    if not 0 < seconds <= _LONGEST_SECONDS:
        raise UsageError(
            f"--timeout {duration} is no duration between 0 and a year",
            fix="give seconds, or a number with s, m or h, as in 90, 30s, 10m or 2h",
        )
    return seconds
