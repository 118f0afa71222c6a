"""Chooses size, resize mode and colour for pictures to begin with, from what there is."""

from collections.abc import Collection, Sequence

import numpy as np

from fmtool.data.inspection.findings import Key
from fmtool.data.splitting.inputs import Levels

_SIDES = (28, 32, 48, 64, 96)
"""The shorter side; larger ones are for later, when it is known that training works."""
_LARGEST_KEPT = 128
_SAME_PROPORTIONS = 1.1
_CROPPED = 2.0
"""Up to this proportion of the sides a crop keeps half of a picture or more."""
_WITHOUT_COLOR = frozenset({"1", "L", "LA", "La", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
_FULL_RANGE = 1 << 13
"""The largest value of 16 bits from which on the upper 8 tell enough levels apart."""
TRANSPARENT = " with transparency"
"""Behind a mode that has no channel for it."""


def size_keys(sizes: Sequence[tuple[int, int]]) -> dict[str, Key]:
    """`resize` and `resize_mode` for pictures of these (height, width); nothing if not needed."""
    distinct = sorted(set(sizes))
    if not distinct or (len(distinct) == 1 and max(distinct[0]) <= _LARGEST_KEPT):
        return {}
    ratios = [width / height for height, width in sizes]
    middle = float(np.median(ratios))
    side = _side(float(np.median([min(size) for size in sizes])))
    height = width = side
    if max(ratios) / min(ratios) <= _SAME_PROPORTIONS:
        height, width = round(side * max(1, 1 / middle)), round(side * max(1, middle))
        mode = Key("stretch", "the proportions of all are alike")
    elif max(*ratios, 1 / min(ratios)) <= _CROPPED:
        mode = Key("crop", "the middle of each; pad keeps all of it")
    else:
        mode = Key("pad", "some are long or tall: a crop would lose most of them")
    heights, widths = zip(*distinct, strict=True)
    ends = [f"{end(heights)}x{end(widths)}" for end in (min, max)]
    shown = " to ".join(dict.fromkeys(ends))
    if max(heights) > height or max(widths) > width:
        shown += ", larger ones lose detail"
    return {"resize": Key([height, width], f"[height, width]; now {shown}"), "resize_mode": mode}


def color_key(modes: Collection[str]) -> dict[str, Key]:
    """`color` for pictures of these modes; nothing if all have colour, or none has."""
    are_grey = set(map(is_grey_mode, modes))
    if len(are_grey) < 2:
        return {}
    return {"color": Key("rgb", f"now {', '.join(sorted(modes))}; nothing is lost")}


def is_grey_mode(mode: str) -> bool:
    """True for a mode without colour."""
    return mode.removesuffix(TRANSPARENT) in _WITHOUT_COLOR


def depth_key(found: Sequence[tuple[str, Levels | None]]) -> dict[str, Key]:
    """`levels` for pictures of 8 bits beside such of 16; nothing where it is not needed, or no use.

    Args:
        found: mode of each, and the smallest and largest value of one of more than 8 bits.
    """
    deep = [(mode, levels) for mode, levels in found if levels is not None]
    are_of_16 = all(mode.startswith("I;16") for mode, _ in deep)
    if not deep or len(deep) == len(found) or not are_of_16:
        return {}
    if max(levels.high for _, levels in deep) < _FULL_RANGE:
        return {}
    return {"levels": Key("upper", "the upper 8 of 16 bits, beside pictures of 8")}


def _side(length: float) -> int:
    return max((side for side in _SIDES if side <= length), default=_SIDES[0])
