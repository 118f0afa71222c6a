"""The key of models that cut images into patches, and what they check of the images."""

from fmtool.config.base import PositiveInt
from fmtool.elements import Pixels
from fmtool.errors import UsageError
from fmtool.models.base import ModelConfig


class PatchConfig(ModelConfig):
    patch_size: PositiveInt
    """Pixels a side."""


def check(cfg: PatchConfig, image: Pixels) -> None:
    """Raises UsageError for images smaller than a patch."""
    height, width, _ = image.shape
    if min(height, width) < cfg.patch_size:
        raise UsageError(
            f"model.patch_size={cfg.patch_size} is more than the {height}x{width} pixels of the "
            "images",
            fix=f"give {min(height, width)} or less",
        )
