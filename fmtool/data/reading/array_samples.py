"""Checks arrays of samples: uint8 images, or rows or series of numbers."""

import numpy as np

from fmtool.data.reading.channel_order import Order, order_of
from fmtool.data.samples.images import Images, ReadImages, pixels_of
from fmtool.elements import Element, Features
from fmtool.errors import DataError
from fmtool.notices import warn


def checked_samples(x: Images, split: str) -> Images:
    """uint8 (n, height, width, channels), or numbers (n, features) or (n, steps, channels)."""
    axes = len(x.shape)
    is_pixels = x.dtype == np.uint8 and axes in (3, 4)
    if not is_pixels and (axes not in (2, 3) or x.dtype.kind not in "biuf"):
        moved = ".transpose(0, 2, 3, 1)" if axes == 4 and order_of(x.shape) is Order.FIRST else ""
        raise DataError(
            f"x of {split} is {x.dtype} {x.shape}; expected uint8 images (n, height, width[, "
            "channels]), or numbers (n, features) or (n, steps, channels)",
            fix=f"pixels: scale them to 0-255 and save x{moved}.astype('uint8'); else: give each "
            "sample a row of numbers",
        )
    if 0 in x.shape:
        raise DataError(f"x of {split} is {x.shape}: nothing", fix="save some samples")
    if not is_pixels:
        return x
    if axes == 4:
        _check_axes(x, split)
    if isinstance(x, ReadImages):
        return x if axes == 4 else x.reshaped((*x.shape, 1))
    return np.ascontiguousarray(x if axes == 4 else x[..., np.newaxis])


def _check_axes(x: Images, split: str) -> None:
    """A DataError for images whose channels come first, a warning where they may."""
    _, height, width, channels = x.shape
    read = f"x of {split} is {x.shape}, read as {height}x{width} pixels of {channels} channels"
    match order_of(x.shape):
        case Order.FIRST:
            raise DataError(
                f"{read}: its channels come first, and have to come last",
                fix="save x.transpose(0, 2, 3, 1)",
            )
        case Order.UNCERTAIN:
            warn(f"{read}: if the channels come first, save x.transpose(0, 2, 3, 1)")


def element_of(x: Images) -> Element:
    """The element of the checked samples."""
    return pixels_of(x) if x.dtype == "uint8" and len(x.shape) == 4 else Features(x.shape[1:])
