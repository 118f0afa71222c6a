"""What transformers check of their attention heads."""

from fmtool.errors import UsageError


def check_heads(width: int, heads: int) -> None:
    """Raises UsageError where the width is no multiple of the heads."""
    if width % heads:
        raise UsageError(
            f"model.width={width} is no multiple of model.heads={heads}",
            fix=f"give {width // heads * heads or heads} or {(width // heads + 1) * heads}",
        )
