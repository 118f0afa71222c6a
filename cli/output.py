"""What a command prints on stdout: one rich table or one JSON object."""

import json
from typing import Any


def print_json(document: dict[str, Any]) -> None:
    print(json.dumps(document, allow_nan=False), flush=True)


def print_tables(*renderables: Any) -> None:
    """Coloured on a terminal unless NO_COLOR is set, plain elsewhere."""
    from rich.console import Console

    console = Console()
    for renderable in renderables:
        console.print(renderable)
