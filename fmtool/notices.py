"""Lines for people, on stderr: stdout carries the result of a command and nothing else."""

import sys
import unicodedata


def printable(text: str) -> str:
    """`text` on one line, control characters escaped, so that no name can forge a log line."""
    return "".join(
        character if unicodedata.category(character)[0] != "C" else ascii(character)[1:-1]
        for character in text
    )


def note(message: str) -> None:
    print(printable(message), file=sys.stderr, flush=True)


def warn(message: str) -> None:
    note(f"warning: {message}")
