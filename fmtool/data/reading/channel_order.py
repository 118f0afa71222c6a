"""Tells images with their channels first, as PyTorch has them, from those with channels last."""

from collections.abc import Sequence
from enum import Enum

_USUAL_CHANNELS = (1, 3, 4)
_SMALLEST_SIDE = 8


class Order(Enum):
    FIRST = "first"
    LAST = "last"
    UNCERTAIN = "uncertain"


def order_of(shape: Sequence[int]) -> Order:
    """The likeliest order of the axes of (n, a, b, c) images.

    It is `FIRST` where a is a usual number of channels, c is none, and b and c may well be sides:
    equal, or both of 8 or more. Images that are 3 high and have many channels pass where height
    and width are exchanged.
    """
    _, first, second, last = shape
    if first not in _USUAL_CHANNELS or last <= max(_USUAL_CHANNELS):
        return Order.LAST
    if second == last or min(second, last) >= _SMALLEST_SIDE:
        return Order.FIRST
    return Order.UNCERTAIN


def is_transposed(shape: Sequence[int], expected: Sequence[int | None]) -> bool:
    """True where (n, a, b, c) images are of `expected` once their channels are put last.

    Args:
        expected: (height, width, channels); None for a side of any length.
    """
    if len(shape) != 4 or len(expected) != 3:
        return False
    moved = (shape[2], shape[3], shape[1])
    return all(side in (None, found) for side, found in zip(expected, moved, strict=True))
