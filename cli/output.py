"""Output of commands on stdout: tables and lines, or one JSON object."""

import json
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from fmtool.notices import DataStream, printable

if TYPE_CHECKING:
    from fmtool.terminal import Column, RenderableType


def print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, allow_nan=False), flush=True)


def print_table(columns: "Sequence[str | Column]", rows: Iterable[Sequence[str]]) -> None:
    """One table of text."""
    from fmtool import terminal

    table = terminal.table(*columns)
    for row in rows:
        table.add_row(*row)
    print_tables(table)


_IS_WIDE = ContextVar("is_wide", default=False)


@contextmanager
def widened(is_wide: bool) -> Iterator[None]:
    """Within, tables show all columns, whatever the width of the terminal is."""
    before = _IS_WIDE.set(is_wide)
    try:
        yield
    finally:
        _IS_WIDE.reset(before)


def print_tables(*renderables: "RenderableType") -> None:
    """Coloured on a terminal unless NO_COLOR is set; into a pipe plain, and nothing is left out."""
    from fmtool import terminal

    terminal.show(renderables, sys.stdout, is_wide=_IS_WIDE.get())


def print_line(text: str = "") -> None:
    """A line for people, whatever is in it."""
    print(printable(text), flush=True)


def print_data(text: str) -> None:
    """For programs, as JSON or CSV."""
    DataStream(sys.stdout).write(text)
    sys.stdout.flush()


def print_text(text: str) -> None:
    """Lines of our own, as they are."""
    sys.stdout.write(text)
    sys.stdout.flush()


def print_help(text: str) -> None:
    """Lines of our own, broken between words where a terminal is too narrow; commands never are."""
    if sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
        lines = (part for line in text.splitlines() for part in _within(width, line))
        text = "".join(f"{line}\n" for line in lines)
    print_text(text)


def _within(width: int, line: str) -> list[str]:
    """`line`, or several below the begin of its second column, or of its comment."""
    gap = re.search(r"(?<=\S)\s+# |(?<=\S) {2,}", line)
    if len(line) <= width or (gap is None and line.startswith("  fmtool ")):
        return [line]
    indent = gap.end() if gap else len(line) - len(line.lstrip())
    return textwrap.wrap(
        line,
        width,
        subsequent_indent=" " * min(indent, width // 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
