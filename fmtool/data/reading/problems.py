"""What becomes of a problem with a data set: it ends a training, an inspection lists it."""

from collections.abc import Callable

from fmtool.errors import DataError

Report = Callable[[DataError], None]
"""Takes a problem. Where it returns, what the problem is with is left out."""


def stop(problem: DataError) -> None:
    raise problem
