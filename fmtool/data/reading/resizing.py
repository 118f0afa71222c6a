"""Brings a picture of any size to a given one."""

from fractions import Fraction
from typing import Literal

from PIL import Image, ImageOps

ResizeMode = Literal["stretch", "crop", "pad"]
_RESAMPLING = Image.Resampling.BILINEAR


def resized(picture: Image.Image, size: tuple[int, int], mode: ResizeMode) -> Image.Image:
    """A picture of `size`; one that has it already stays as it is.

    Args:
        picture: of mode RGB or L.
        size: (height, width).
        mode: `stretch` changes the proportions. `crop` brings the shorter side to its length and
            cuts the rest off evenly. `pad` brings the longer side to its length and adds zeros
            evenly.
    """
    height, width = size
    if picture.size == (width, height):
        return picture
    if mode == "crop":
        # Takes the part first: a long, narrow picture would be huge before it is cut.
        return ImageOps.fit(picture, (width, height), _RESAMPLING)
    if mode == "pad":
        return _padded(picture, height, width)
    return picture.resize((width, height), _RESAMPLING)


def _padded(picture: Image.Image, height: int, width: int) -> Image.Image:
    # Exact: graphs of exported files come to the same sides, in whole numbers.
    scale = min(Fraction(height, picture.height), Fraction(width, picture.width))
    inner_width, inner_height = (max(1, round(side * scale)) for side in picture.size)
    padded = Image.new(picture.mode, (width, height))
    inner = picture.resize((inner_width, inner_height), _RESAMPLING)
    padded.paste(inner, ((width - inner_width) // 2, (height - inner_height) // 2))
    return padded
