"""Layers of a policy: in each of them an image goes through one of fourteen operations.

The operations of RandAugment (Cubuk et al. 2020, arXiv:1909.13719), with the meaning that Pillow
gives them. Imported where Keras is.
"""

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from fmtool.augment.stages import blends, tones
from fmtool.augment.stages import strengths as tables
from fmtool.augment.stages.affine import moved
from fmtool.augment.stages.dealing import dealt
from fmtool.augment.stages.strengths import Strengths, row_of

OPERATIONS = (
    "shear_x", "shear_y", "translate_x", "translate_y", "rotate",
    "brightness", "contrast", "color", "sharpness",
    "posterize", "solarize", "autocontrast", "equalize",
    "identity",
)  # fmt: skip
_MOVES, _ENHANCEMENTS, _TONES = slice(0, 5), slice(5, 9), slice(9, 13)

Draws = tuple[Any, Any, Any]
"""The draws of a layer: levels int32 (batch,), order and offset, the last two as for `dealt`."""

Layers = Callable[[Any, Sequence[Draws]], Any]
"""Maps images uint8 (batch, height, width, channels) and the draws of each layer, of which there is
at least one, to images of the same shape and type."""

Operations = Callable[[Any, Any], Any]
"""Maps images (operations, n, height, width, channels) and levels (operations, n), one row for
each operation, to images (operations * n, height, width, channels)."""

Shape = tuple[int, int, int]


def layers(strengths: Strengths, input_shape: Shape, pixel_max: int, *, grey: int) -> Layers:
    """`grey` is what moves leave empty."""
    transform = operations(strengths, input_shape, pixel_max, grey=grey)

    def apply(images: Any, draws: Sequence[Draws]) -> Any:
        # Images stay in the hands of a layer until the next one is dealt: one copy instead of two.
        places: Any = None
        for levels, order, offset in draws:
            hands, places_after = dealt(order, offset, hands=len(OPERATIONS))
            held = hands if places is None else ops.take(places, hands, axis=0)
            images = transform(ops.take(images, held, axis=0), ops.take(levels, hands, axis=0))
            places = places_after
        return ops.take(images, places, axis=0)

    return apply


def operations(
    strengths: Strengths, input_shape: Shape, pixel_max: int, *, grey: int
) -> Operations:
    """All of OPERATIONS, in their order."""
    move = _moves(strengths, input_shape, grey)
    enhance = _enhancements(strengths, input_shape, pixel_max)
    tone = _tones(strengths, pixel_max)

    def transform(images: Any, levels: Any) -> Any:
        rows = row_of(levels)
        return ops.concatenate(
            [
                move(images[_MOVES], rows[_MOVES]),
                enhance(images[_ENHANCEMENTS], rows[_ENHANCEMENTS]),
                tone(images[_TONES], rows[_TONES]),
                images[-1],
            ]
        )

    return transform


def _moves(strengths: Strengths, input_shape: Shape, grey: int) -> Operations:
    matrices = tables.matrices(strengths, input_shape[:2])
    kinds, levels, _ = matrices.shape
    table = ops.convert_to_tensor(matrices.reshape(-1, 6))

    def apply(images: Any, rows: Any) -> Any:
        rows = rows + ops.arange(kinds, dtype="int32")[:, None] * levels
        chosen = ops.take(table, ops.reshape(rows, (-1,)), axis=0)
        return moved(ops.reshape(images, (-1, *input_shape)), chosen, grey=grey)

    return apply


def _enhancements(strengths: Strengths, input_shape: Shape, pixel_max: int) -> Operations:
    factors = ops.convert_to_tensor(tables.factors(strengths))

    def apply(images: Any, rows: Any) -> Any:
        images = ops.cast(images, "int32")
        degenerate = ops.concatenate(
            [
                blends.without_brightness(images[0]),
                blends.without_contrast(images[1]),
                blends.without_color(images[2]),
                blends.without_sharpness(images[3]),
            ]
        )
        chosen = ops.take(factors, ops.reshape(rows, (-1,)), axis=0)
        images = ops.reshape(images, (-1, *input_shape))
        return ops.cast(blends.enhanced(images, degenerate, chosen, pixel_max), "uint8")

    return apply


def _tones(strengths: Strengths, pixel_max: int) -> Operations:
    masks = ops.convert_to_tensor(tables.posterize_masks(strengths, pixel_max))
    thresholds = ops.convert_to_tensor(tables.solarize_thresholds(pixel_max))

    def apply(images: Any, rows: Any) -> Any:
        return ops.concatenate(
            [
                tones.posterize(images[0], ops.take(masks, rows[0], axis=0)),
                tones.solarize(images[1], ops.take(thresholds, rows[1], axis=0), pixel_max),
                tones.autocontrast(images[2], pixel_max),
                tones.equalize(images[3], pixel_max),
            ]
        )

    return apply
