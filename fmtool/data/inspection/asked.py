"""Words that a user typed beside the path, which no guess replaces."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import ValidationError

from fmtool.data.inspection.findings import Key
from fmtool.data.reading.table_style import Style, TableConfig

_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None}
_STYLE = {"delimiter": "auto", "header": None, "quotes": True, "encoding": "utf-8"}


class Settled(NamedTuple):
    """The config by which data are read, and the keys that make it of the defaults."""

    cfg: Any
    keys: dict[str, Key]


@dataclass(frozen=True)
class Asked:
    """The option and the keys of `data=` that were typed.

    Args:
        configure: the config of an option from values by key, with the typed keys on top.
        option: None where it is to be guessed.
        words: values by key, as they were typed.
    """

    configure: Callable[[str, Mapping[str, Any]], Any]
    option: str | None = None
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def style(self) -> Style:
        """The form of a table as far as it was typed."""
        typed = {key: self.words[key] for key in _STYLE if key in self.words}
        read = {key: _WORDS.get(word.lower(), word) for key, word in typed.items()}
        try:
            return TableConfig.model_validate({**_STYLE, **read}).style
        except ValidationError:
            # `configure` says what is wrong, with the names of the option's keys.
            return Style()

    def settled(self, option: str, guessed: Mapping[str, Key]) -> Settled:
        """The config of the guessed keys with the typed ones in their place.

        Raises UsageError for a typed key that the option has not.
        """
        cfg = self.configure(option, {name: key.value for name, key in guessed.items()})
        return Settled(cfg, {**guessed, **{name: Key(getattr(cfg, name)) for name in self.words}})

    def untyped(self, guessed: Mapping[str, Key]) -> dict[str, Key]:
        """The guessed keys that were not typed."""
        return {name: key for name, key in guessed.items() if name not in self.words}
