"""Runs a saved model over a split: the one way fmtool arrives at a reported score."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fmtool.data.samples.images import Stored
from fmtool.data.samples.read_ahead import read_ahead
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import WHAT, elements_of
from fmtool.errors import DataError, FmtoolError
from fmtool.evaluation import model_size, views
from fmtool.safety import model_file
from fmtool.schema import TestTimeAugmentation
from fmtool.tasks.shared.reporting import Report, Reporting
from fmtool.trees import leaves, mapped

MAX_KEPT_BYTES = 1 << 28
"""Memory that outputs may take which are used together, as for a calibration."""

Watcher = Callable[[NDArray[np.float32], NDArray[Any]], None]
"""Takes outputs (b, ...) and the targets of the samples that they are of, in order."""


@dataclass(frozen=True)
class Measurement:
    """A report, and the samples that its rows are of."""

    report: Report
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
    reporting: Reporting[Any],
    *,
    batch_size: int,
    tta: TestTimeAugmentation,
    watcher: Watcher | None = None,
) -> Measurement:
    """The report on every sample, whose outputs are averaged over the views of `tta`.

    No more than the outputs of a batch is in memory, beside what the meter keeps. Where they are
    large, what makes them smaller on the device belongs around `model`, as `views.averaging` is.

    Args:
        batch_size: samples that the network sees at once, each view counted as one.
        watcher: shown the outputs of each batch as well.

    Raises:
        UsageError: the images are too small for `tta`.
    """
    meter, done = reporting.meter(), 0
    for outputs in _outputs(model, split, batch_size, tta):
        y = split.y[done : done + len(outputs)]
        meter.add(outputs, y)
        if watcher is not None:
            watcher(outputs, y)
        done += len(outputs)
    return Measurement(meter.report(), split)


def kept_outputs(
    model: Any, split: Split, *, batch_size: int, tta: TestTimeAugmentation
) -> tuple[NDArray[np.float32], NDArray[Any]]:
    """Outputs and targets of a split, together; of evenly spaced samples where all of the outputs
    would take more than `MAX_KEPT_BYTES`."""
    kept, places, done, every = [], [], 0, 1
    for outputs in _outputs(model, split, batch_size, tta):
        every = max(1, -(-len(split) * outputs[0].nbytes // MAX_KEPT_BYTES))
        chosen = np.arange(-done % every, len(outputs), every)
        kept.append(outputs[chosen])
        places.append(done + chosen)
        done += len(outputs)
    return np.concatenate(kept), split.y[np.concatenate(places)]


def _outputs(
    model: Any, split: Split, batch_size: int, tta: TestTimeAugmentation
) -> Iterator[NDArray[np.float32]]:
    at_once = max(1, batch_size // views.count(tta))
    return predict(views.averaging(model, tta), split.x, batch_size=at_once)


def predict(model: Any, samples: Stored, *, batch_size: int) -> Iterator[NDArray[np.float32]]:
    """The outputs of (n, ...) samples, or of records, in order, batch by batch.

    All batches have one shape, so that nothing is compiled twice: the last one begins within the
    one before it, which gives the fewer. `model.predict` would end with a smaller one.
    """
    count = len(leaves(samples)[0])
    batches = max(1, math.ceil(count / batch_size))
    size = max(1, math.ceil(count / batches))
    firsts = [min(first, count - size) for first in range(0, count, size)]
    rows = [np.arange(size) + first for first in firsts]
    ends = [*firsts, count][1:]
    for batch, first, end in zip(read_ahead(samples, rows), firsts, ends, strict=True):
        yield np.asarray(model.predict_on_batch(batch))[: end - first]


def check_fits(model: Any, splits: Splits, reporting: Reporting[Any]) -> None:
    """Raises DataError when a model was made for other samples or another target."""
    elements, output_shape = elements_of(splits.element), tuple(model.output_shape[1:])
    shapes, types = mapped(lambda each: each.shape, elements), mapped(_dtype, elements)
    read = mapped(lambda each: tuple(each.shape[1:]), model.input), mapped(_dtype, model.input)
    if (*read, output_shape) != (shapes, types, reporting.output_shape):
        raise DataError(
            f"data={splits.name} has {reporting.described(reporting.output_shape)} of "
            f"{shapes} {WHAT[splits.element.kind]}, the model was made for "
            f"{reporting.described(output_shape)} of {read[0]} {read[1]}",
            fix="evaluate it on a set like the one it was trained on",
        )


def _dtype(each: Any) -> str:
    return str(each.dtype)
