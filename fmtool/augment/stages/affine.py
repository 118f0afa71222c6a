"""Moves of images (shear, translation, rotation) as one gather; imported where Keras is.

Nearest neighbour, in 16.16 fixed point as Pillow's `Image.transform` computes it.
"""

from typing import Any

from keras import ops


def moved(images: Any, matrices: Any, *, grey: int) -> Any:
    """`images` (n, height, width, channels), uint8; what comes from outside is `grey`.

    Args:
        matrices: int32 (n, 6), rows of `strengths.matrices`.
    """
    height, width, channels = images.shape[1:]
    count = ops.shape(images)[0]
    a, b, c, d, e, f = (matrices[:, i, None, None] for i in range(6))
    y = ops.arange(height, dtype="int32")[None, :, None]
    x = ops.arange(width, dtype="int32")[None, None, :]
    columns = ops.right_shift(a * x + (b * y + c), 16)
    rows = ops.right_shift(d * x + (e * y + f), 16)
    is_inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
    first_rows = ops.arange(count, dtype="int32")[:, None, None] * height
    # Pixels from outside copy an extra one at the end.
    end = count * height * width
    sources = end + ops.cast(is_inside, "int32") * ((first_rows + rows) * width + columns - end)
    pixels = ops.reshape(images, (-1, channels))
    pixels = ops.concatenate([pixels, ops.full((1, channels), grey, dtype="uint8")])
    return ops.take(pixels, sources, axis=0)
