"""What models that cut images into patches check of them."""

from fmtool.errors import UsageError


def check_size(patch_size: int, input_shape: tuple[int, int, int]) -> None:
    """Raises UsageError for images (height, width, channels) smaller than a patch."""
    height, width, _ = input_shape
    if min(height, width) < patch_size:
        raise UsageError(
            f"model.patch_size={patch_size} is more than the {height}x{width} pixels of the images",
            fix=f"give {min(height, width)} or less",
        )
