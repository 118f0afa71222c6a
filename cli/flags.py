"""The flags that every command takes."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from fmtool.config.duration import EXAMPLES, seconds_of
from fmtool.errors import UsageError


@dataclass
class Flags:
    as_json: bool = False
    plugins: list[str] = field(default_factory=list)
    wide: bool = False
    """Tables show all columns, whatever the width of the terminal is."""
    timeout: float | None = None
    """Seconds after which the command ends in order."""


def take(argv: list[str]) -> tuple[Flags, list[str]]:
    """Takes the flags out of `argv`; UsageError for one without its value or with a wrong one."""
    flags, rest = Flags(), []
    words = iter(argv)
    for word in words:
        name = word.partition("=")[0]
        if word == "--json":
            flags.as_json = True
        elif word == "--wide":
            flags.wide = True
        elif name == "--plugin":
            flags.plugins.append(_value(word, words, "MODULE or FILE.py"))
        elif name == "--timeout":
            flags.timeout = _seconds(_value(word, words, EXAMPLES))
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
    try:
        return seconds_of(duration)
    except ValueError as error:
        reason, _, fix = str(error).partition("; ")
        raise UsageError(f"--timeout {reason}", fix=fix) from error
