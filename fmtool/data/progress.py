"""Shows on stderr how far a download is: a bar on a terminal, a line at its start elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fmtool.notices import note


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
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    columns = ("{task.description}", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=size)
        yield lambda done: bar.update(task, completed=done)
