"""The base of every task's config."""

from fmtool.config.base import NamedConfig


class TaskConfig(NamedConfig):
    """Subclassed by the `Config` of each task file."""
