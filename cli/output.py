"""What a command prints on stdout: one rich table or one JSON object."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

_PIPE_COLUMNS = 10_000


def print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, allow_nan=False), flush=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """One table of text."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(Text(column))
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    print_tables(table)


def print_tables(*renderables: Any) -> None:
    """Coloured on a terminal unless NO_COLOR is set; into a pipe plain, and nothing is cut."""
    from rich.console import Console

    class ResultConsole(Console):
        """Leaves a reader that is gone to `main`, where rich would end the process with 1."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    console = ResultConsole(width=None if sys.stdout.isatty() else _PIPE_COLUMNS)
    for renderable in renderables:
        console.print(renderable)
