"""Output of commands on stdout: tables and lines, or one JSON object."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fmtool.notices import DataStream, printable

if TYPE_CHECKING:
    from fmtool.terminal import RenderableType

_PIPE_COLUMNS = 10_000


def print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, allow_nan=False), flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """One table of text."""
    from fmtool import terminal

    table = terminal.table(*columns)
    for row in rows:
        table.add_row(*row)
    print_tables(table)


def print_tables(*renderables: "RenderableType") -> None:
    """Coloured on a terminal unless NO_COLOR is set; into a pipe plain, and nothing is cut."""
    from fmtool import terminal

    console = terminal.console(sys.stdout, width=None if sys.stdout.isatty() else _PIPE_COLUMNS)
    for each in renderables:
        console.print(terminal.line(each) if isinstance(each, str) else each)


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
