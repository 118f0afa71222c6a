"""Runs a saved model over a split: the one way fmtool arrives at a reported score."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.samples.images import Images
from fmtool.data.samples.read_ahead import read_ahead
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import WHAT
from fmtool.errors import DataError, FmtoolError
from fmtool.evaluation import model_size, views
from fmtool.evaluation.metrics import classification_report
from fmtool.safety import model_file
from fmtool.schema import TestTimeAugmentation


@dataclass(frozen=True)
class Measurement:
    """A report and what it was computed from.

    Args:
        report: see `classification_report`.
        logits: float32 (n, classes).
        split: the samples, in the order of `logits`.
    """

    report: dict[str, Any]
    logits: NDArray[np.float32]
    split: Split


def load_model(
    path: Path, *, rewrite: Callable[[dict[str, Any]], dict[str, Any]] | None = None
) -> Any:
    """The model in a .keras file, checked before Keras opens it.

    Args:
        rewrite: makes another config of what config.json says, for the same weights.

    Raises:
        Refused: it could do more than compute, or asks for more weights than it holds.
        DataError: it is missing or damaged.
    """
    import keras

    contents = model_file.check(path, registered=keras.saving.get_custom_objects())
    try:
        # Code that was imported on request may make its variables in other ways.
        if contents.is_plain_keras:
            model_size.check(contents, path)
        if rewrite is None:
            return keras.saving.load_model(path, compile=False)
        config = {**rewrite(contents.config), "compile_config": None}
        model = keras.saving.deserialize_keras_object(config)
        model.load_weights(path)
        return model
    except FmtoolError:
        raise
    # Keras and its backend raise anything for a config that fits no layer.
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise DataError(
            f"{path} cannot be loaded: {reason}",
            fix="train again, or pass --plugin for the layers of your own that it uses",
        ) from error


def measure(
    model: Any,
    split: Split,
    class_names: Sequence[str],
    *,
    batch_size: int,
    tta: TestTimeAugmentation,
) -> Measurement:
    """Logits of every sample, averaged over the views of `tta`, and the report on them.

    Args:
        batch_size: images that the network sees at once, each view counted as one.

    Raises:
        UsageError: the images are too small for `tta`.
    """
    at_once = max(1, batch_size // views.count(tta))
    logits = predict(views.averaging(model, tta), split.x, batch_size=at_once)
    return Measurement(classification_report(logits, split.y, class_names), logits, split)


def predict(model: Any, images: Images, *, batch_size: int) -> NDArray[np.float32]:
    """(n, classes) logits of (n, ...) samples, computed batch by batch in bounded memory.

    All batches have one shape, so that nothing is compiled twice: the last one begins within the
    one before it. `model.predict` would end with a smaller one.
    """
    count = len(images)
    logits = np.empty((count, model.output_shape[-1]), dtype=np.float32)
    batches = max(1, math.ceil(count / batch_size))
    size = max(1, math.ceil(count / batches))
    rows = [np.arange(size) + min(first, count - size) for first in range(0, count, size)]
    for batch, which in zip(read_ahead(images, rows), rows, strict=True):
        logits[which] = model.predict_on_batch(batch)
    return logits


def check_fits(model: Any, splits: Splits) -> None:
    """Raises DataError when a model was made for other samples or another number of classes."""
    element = splits.element
    made_for = (tuple(model.input_shape[1:]), str(model.input.dtype), model.output_shape[-1])
    if made_for != (element.shape, element.dtype, splits.num_classes):
        raise DataError(
            f"data={splits.name} has {splits.num_classes} classes of {element.shape} "
            f"{WHAT[element.kind]}, the model was made for {made_for[2]} classes of {made_for[0]} "
            f"{made_for[1]}",
            fix="evaluate it on a set like the one it was trained on",
        )
