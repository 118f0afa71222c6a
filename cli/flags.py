"""The flags that every command takes."""

from dataclasses import dataclass, field

from fmtool.errors import UsageError


@dataclass
class Flags:
    as_json: bool = False
    plugins: list[str] = field(default_factory=list)

    @property
    def argv(self) -> list[str]:
        """The flags as words, for a child process."""
        plugins = [word for plugin in self.plugins for word in ("--plugin", plugin)]
        return [*(["--json"] if self.as_json else []), *plugins]


def take(argv: list[str]) -> tuple[Flags, list[str]]:
    """Takes the flags out of `argv`; UsageError for one without its value."""
    flags, rest = Flags(), []
    words = iter(argv)
    for word in words:
        if word == "--json":
            flags.as_json = True
        elif word == "--plugin" or word.startswith("--plugin="):
            value = word.partition("=")[2] or next(words, None)
            if not value:
                raise UsageError("--plugin needs a value", fix="write --plugin MODULE or FILE.py")
            flags.plugins.append(value)
        else:
            rest.append(word)
    return flags, rest
