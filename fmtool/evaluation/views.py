"""Test-time augmentation: a model that averages its logits over views of each image."""

from typing import Any

from fmtool.errors import UsageError
from fmtool.schema import TestTimeAugmentation

_WEIGHTS = {"flip": (1.0,), "flip_translate": (0.5, 0.25, 0.25)}
"""Weights of the image where it is, then of its shifts; each is shared with the mirror image."""


def count(tta: TestTimeAugmentation) -> int:
    """The number of views of an image that the network sees."""
    return 1 if tta == "none" else 2 * len(_WEIGHTS[tta])


def require_possible(tta: TestTimeAugmentation, input_shape: tuple[int, ...]) -> None:
    """UsageError for (height, width, channels) of images that cannot be shifted."""
    if tta == "flip_translate" and min(input_shape[:2]) < 2:
        height, width = input_shape[:2]
        raise UsageError(
            f"tta={tta}: images of {height}x{width} pixels cannot be shifted",
            fix="choose tta=flip or tta=none",
        )


def averaging(model: Any, tta: TestTimeAugmentation) -> Any:
    """Maps images as `model` does, to the mean of its logits over the views.

    `flip` is the image and its mirror image. `flip_translate` (Jordan 2024, arXiv:2404.00498)
    gives these two half of the weight, and the other half to both of the image shifted by a
    pixel, up and to the left, and down and to the right; what comes in at the edge is reflected.

    Args:
        model: uint8 (batch, h, w, c) to float32 logits (batch, classes).

    Raises:
        UsageError: the images cannot be shifted.
    """
    if tta == "none":
        return model
    import keras

    input_shape = model.input_shape[1:]
    require_possible(tta, input_shape)
    pixels = keras.Input(input_shape, dtype="uint8", name="pixels")
    weights = _WEIGHTS[tta]
    shifted = _shifted(pixels) if tta == "flip_translate" else []
    images = keras.ops.concatenate([pixels, *shifted], axis=0)
    views = keras.ops.concatenate([images, keras.ops.flip(images, axis=2)], axis=0)
    logits = keras.ops.reshape(model(views), (2, len(weights), -1, model.output_shape[-1]))
    mirror_average = keras.ops.mean(logits, axis=0)
    weighted = mirror_average * keras.ops.reshape(weights, (-1, 1, 1))
    return keras.Model(pixels, keras.ops.sum(weighted, axis=0), name=tta)


def _shifted(pixels: Any) -> list[Any]:
    """The image one pixel down and right, and one up and left."""
    import keras

    # `keras.ops.pad` cannot reflect uint8 on torch.
    rows = keras.ops.concatenate([pixels[:, 1:2], pixels, pixels[:, -2:-1]], axis=1)
    padded = keras.ops.concatenate([rows[:, :, 1:2], rows, rows[:, :, -2:-1]], axis=2)
    return [padded[:, :-2, :-2], padded[:, 2:, 2:]]
