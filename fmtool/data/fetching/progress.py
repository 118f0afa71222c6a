"""Shows on stderr how far a download is: a bar on a terminal, a line at its start elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fmtool.notices import note, printable


@contextmanager
def progress(name: str, *, size: int) -> Iterator[Callable[[int], None]]:
    """Yields a function to be called with the number of bytes there are so far.

    Args:
        size: of the whole file, in bytes.
    """
    if not sys.stderr.isatty():
        note(f"downloading {name} ({size / 1e6:,.1f} MB)")
        yield lambda _done: None
        note(f"downloaded {name}")
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from fmtool import terminal

    named = TextColumn("{task.description}", markup=False)
    columns = (named, BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=terminal.console(sys.stderr), transient=True) as bar:
        task = bar.add_task(printable(name), total=size)
        yield lambda done: bar.update(task, completed=done)
