"""Reports of problems with a data set: one ends a training, an inspection lists all."""

from collections.abc import Callable

from fmtool.errors import DataError

Report = Callable[[DataError], None]
"""Takes a problem. Where it returns, what the problem is with is left out."""


def stop(problem: DataError) -> None:
    raise problem
