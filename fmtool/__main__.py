"""`python -m fmtool` is `fmtool`, such as where no folder of scripts is on the path."""

from fmtool.cli.main import entry_point

entry_point()
