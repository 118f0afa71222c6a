"""The parts of a model card that only a person knows: a licence, and notes.

The card itself keeps them: an export reads those of the card that it replaces, whether they were
typed as `card.license=` and `card.notes=` or written into the file by hand.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fmtool.notices import warn
from fmtool.safety import regular_file

UNKNOWN = "unknown"
TITLE = "Notes"
END = "<!-- end of the notes; an export keeps them -->"
_LONGEST = 1_000_000
_NOTES = re.compile(rf"^## {TITLE}\n\n?(.*?)\n*(?:^{re.escape(END)}$|^## |\Z)", re.M | re.S)
_HEADER = re.compile(r"---\n(.*?)^---$", re.M | re.S)


class Typed(Protocol):
    """The keys `card.*`; None where they were not typed."""

    @property
    def license(self) -> str | None: ...

    @property
    def notes(self) -> str | None: ...


@dataclass(frozen=True)
class _Silence:
    license: str | None = None
    notes: str | None = None


NOTHING_TYPED: Typed = _Silence()


@dataclass(frozen=True)
class CardWords:
    """Both are empty where nobody has said anything."""

    license: str = ""
    notes: str = ""

    @property
    def section(self) -> str:
        """The text below `## Notes`."""
        return f"{self.notes}\n\n{END}"


def of(typed: Typed, card: Path) -> CardWords:
    """The words that were typed, else those of the card before; '' takes them away."""
    before = _read(card)
    return CardWords(
        license=before.license if typed.license is None else typed.license.strip(),
        notes=before.notes if typed.notes is None else typed.notes.strip(),
    )


def _read(card: Path) -> CardWords:
    if not card.is_file():
        return CardWords()
    try:
        text = regular_file.read_text(card, most=_LONGEST)
    except (OSError, ValueError) as error:
        warn(f"{card} cannot be read: its licence and notes are not kept ({error})")
        return CardWords()
    notes = _NOTES.search(text)
    licence = _licence(text)
    return CardWords("" if licence == UNKNOWN else licence, notes[1].strip() if notes else "")


def _licence(text: str) -> str:
    import yaml

    found = _HEADER.match(text)
    try:
        header = yaml.safe_load(found[1]) if found else None
    except (yaml.YAMLError, ValueError, RecursionError):
        header = None
    licence = header.get("license") if isinstance(header, dict) else None
    return licence if isinstance(licence, str) else ""
