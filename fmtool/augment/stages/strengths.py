"""Tables of the strength of each operation of a policy, level by level.

A level is a whole number from -30 to 30; its sign is that of the operation, where it has one. All
tables hold integers, so that every backend computes the same pixels from them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

LEVELS = 31
"""Levels without their sign, 0 included (Cubuk et al. 2020, Müller & Hutter 2021)."""

Table = np.ndarray[Any, np.dtype[np.int32]]
Floats = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Strengths:
    """The strength of each operation at the highest level."""

    shear: float
    """Pixels in x for one in y."""
    translate: tuple[float, float]
    """Pixels in y and in x."""
    rotate: float
    """Degrees."""
    enhance: float
    """The farthest from 1 that the factor of brightness, contrast, colour and sharpness is."""
    posterize: int
    """Bits that are lost, of 8."""


def row_of(level: Any) -> Any:
    return level + (LEVELS - 1)


def factors(strengths: Strengths) -> Table:
    """(61,): factors of brightness, contrast, colour and sharpness in 1/65536."""
    return _fixed(1 + _graded(strengths.enhance))


def posterize_masks(strengths: Strengths, pixel_max: int) -> Table:
    """(61,): the bits that a pixel keeps; of fewer than 8 bits, as large a share is lost."""
    lost = np.round(np.abs(_graded(strengths.posterize)))
    kept: Floats = 256 - np.exp2(np.round(lost * pixel_max.bit_length() / 8))
    return kept.astype(np.int32)


def solarize_thresholds(pixel_max: int) -> Table:
    """(61,): the lowest value that is inverted."""
    lowest: Floats = np.ceil(pixel_max - np.abs(_graded(pixel_max)))
    return lowest.astype(np.int32)


def matrices(strengths: Strengths, size: tuple[int, int]) -> Table:
    """(5, 61, 6): shear x and y, translate x and y, rotate; where output pixels come from.

    A row holds a, b, c, d, e, f in 1/65536: the pixel in column x and row y is a copy of the one
    in column a x + b y + c and row d x + e y + f, rounded down; c and f take x and y to the middle
    of the pixel. Shears hold the upper left corner, rotations the centre.
    """
    shear = _graded(strengths.shear)
    down, right = (np.trunc(_graded(most)) for most in strengths.translate)
    angle = np.radians(_graded(strengths.rotate))
    zeros, ones = np.zeros_like(angle), np.ones_like(angle)
    cos, sin = np.cos(angle), np.sin(angle)
    y, x = size[0] / 2, size[1] / 2
    rows = [
        (ones, shear, zeros, zeros, ones, zeros),
        (ones, zeros, zeros, shear, ones, zeros),
        (ones, zeros, right, zeros, ones, zeros),
        (ones, zeros, zeros, zeros, ones, down),
        (cos, sin, x - cos * x - sin * y, -sin, cos, y + sin * x - cos * y),
    ]
    table = np.stack([np.stack(row, axis=-1) for row in rows])
    table[..., 2] += (table[..., 0] + table[..., 1]) / 2
    table[..., 5] += (table[..., 3] + table[..., 4]) / 2
    return _fixed(table)


def _graded(most: float) -> Floats:
    """(61,): the strength of each level from -30 to 30, where `most` is that of the last."""
    return most * np.arange(1 - LEVELS, LEVELS) / (LEVELS - 1)


def _fixed(values: Floats) -> Table:
    return np.floor(values * 65536 + 0.5).astype(np.int32)
