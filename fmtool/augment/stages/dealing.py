"""Deals the images of a batch to operations, as evenly as they go; imported where Keras is.

Each image gets each operation with the same probability, as if it had drawn alone, but an operation
gets the same number of images of every batch, give or take one. So its work is known before the
step is compiled, and an operation computes only its own images.
"""

from typing import Any

from keras import ops


def dealt(order: Any, offset: Any, *, hands: int) -> tuple[Any, Any]:
    """The images that each hand holds, and the place in the hands of each image.

    This is systematic sampling: images in a random order, an offset, and equal steps.

    Args:
        order: float32 (batch,), uniforms; their ranks are the random order.
        offset: int32 in [0, hands), uniform.

    Returns:
        int32 (hands, places): image numbers; a hand that holds one image less than others ends
        with an image of another hand, and nobody asks for that place.
        int32 (batch,): positions in the flattened hands.
    """
    batch = ops.shape(order)[0]
    places = (batch + hands - 1) // hands
    numbers = ops.cast(ops.argsort(order), "int32")
    ranks = ops.cast(ops.argsort(numbers), "int32")
    # Of rank r is hand (r * hands + offset) // batch: each of batch * hands values is as likely.
    hand = (ranks * hands + offset) // batch
    first = (ops.arange(hands, dtype="int32") * batch - offset + hands - 1) // hands
    held = first[:, None] + ops.arange(places, dtype="int32")
    return (
        ops.take(numbers, ops.minimum(held, batch - 1), axis=0),
        hand * places + ranks - ops.take(first, hand, axis=0),
    )
