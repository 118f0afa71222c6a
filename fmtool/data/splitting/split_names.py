"""The names that splits of a user's own data set may have."""

SPLITS = ("train", "validation", "test")
ALIASES = {"val": "validation", "valid": "validation"}
"""Other names that are common, and what they stand for."""


def split_called(name: str) -> str | None:
    """The split that `name` stands for; None if it stands for none."""
    name = ALIASES.get(name, name)
    return name if name in SPLITS else None
