"""Output of commands on stdout: tables and lines, or one JSON object."""

import json
import sys
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


def print_help(text: str) -> None:
    """Lines of our own."""
    sys.stdout.write(text)
    sys.stdout.flush()
