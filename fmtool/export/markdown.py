"""Text from elsewhere, and tables, in Markdown."""

import re
from collections.abc import Iterable, Sequence

from fmtool.notices import printable

_SPECIAL = re.compile(r"([\\`*\[\]<>|#]|(?<!\w)_|_(?!\w))")


def plain(text: str) -> str:
    """`text` on one line, none of it markup."""
    return _SPECIAL.sub(r"\\\1", printable(text))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> str:
    """Cells are Markdown; the last columns, `numbers` of them, are aligned to the right."""
    left = len(columns) - numbers
    rules = ["---"] * left + ["---:"] * numbers
    lines = [columns, rules, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def pairs(first: str, second: str, rows: Iterable[tuple[str, str | None]]) -> str:
    """A table of names and values, without those that are None."""
    return table([first, second], [(name, text) for name, text in rows if text is not None])


def points(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
