"""What a command prints on stdout: one rich table or one JSON object."""

import json
import sys
from typing import Any

_PIPE_COLUMNS = 10_000


def print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, allow_nan=False), flush=True)


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
