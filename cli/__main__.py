"""`python -m fmtool.cli` is `fmtool`: how a sweep starts its jobs."""

from .main import entry_point

entry_point()
