"""Lines for people, on stderr: stdout carries the result of a command and nothing else."""

import sys
import unicodedata
from typing import TextIO


def printable(text: str) -> str:
    """`text` on one line, so that no name can forge a log line or send codes to a terminal.

    Escaped as `\\x1b`, `\\u202e`: control characters with ESC and C1, marks of direction, signs
    without a width, separators of lines and paragraphs, half surrogates, what Unicode has not
    assigned.
    """
    return "".join(
        ascii(character)[1:-1] if _is_unseen(character) else character for character in text
    )


def encodable(text: str) -> str:
    """`text` as it is but for half surrogates, such as of a file name that is no UTF-8."""
    return "".join(
        ascii(character)[1:-1] if unicodedata.category(character) == "Cs" else character
        for character in text
    )


def _is_unseen(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp")


def counted(count: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 epoch`, `1,298 samples`.

    Args:
        many: the plural, where it is not `one` with an s.
    """
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


class DataStream:
    """Takes data for a program, such as CSV; where a person looks at them, they are `printable`."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._is_seen = file, file.isatty()

    def write(self, data: str) -> int:
        if self._is_seen:
            data = "\n".join(map(printable, data.split("\n")))
        return self._file.write(data)


def note(message: str) -> None:
    print(printable(message), file=sys.stderr, flush=True)


def warn(message: str) -> None:
    note(f"warning: {message}")
