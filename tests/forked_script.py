"""What a fork server's child runs where it was handed a script."""

import sys


def run(code: str, *argv: str) -> None:
    """As `python -c CODE ARGV...` does."""
    sys.argv[:] = ["-c", *argv]
    exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
