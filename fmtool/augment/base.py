"""The base of every augmentation's config."""

from fmtool.config.base import NamedConfig


class AugmentConfig(NamedConfig):
    """Subclassed by the `Config` of each augmentation file."""
