"""The layers of a model with shapes, weights and operations, and their totals."""

import io
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from fmtool import terminal
from fmtool.compat import private_keras
from fmtool.machine.flops import flops_of_calls
from fmtool.notices import note
from fmtool.terminal import Column, Group, RenderableType

_WIDE = 10_000
"""Columns; nothing is cut."""


@dataclass(frozen=True)
class LayerSummary:
    """A layer, or an operation without weights.

    Args:
        output_shape: without the batch; None for several outputs.
        flops: of its convolutions and dense layers, forward, for one sample.
        output_bytes: for one sample; an axis of unknown size counts once.
    """

    name: str
    kind: str
    output_shape: list[int | None] | None
    parameters: int
    flops: int
    output_bytes: int


@dataclass(frozen=True)
class ModelSummary:
    parameters: int
    trained_parameters: int
    weights_bytes: int
    layers: Sequence[LayerSummary]

    @property
    def flops(self) -> int:
        """Forward, for one sample."""
        return sum(layer.flops for layer in self.layers)

    @property
    def activation_bytes(self) -> int:
        """The outputs of all layers for one sample, of which training keeps most."""
        return sum(layer.output_bytes for layer in self.layers if layer.kind != "InputLayer")

    def to_json(self) -> dict[str, Any]:
        totals = {"flops": self.flops, "activation_bytes": self.activation_bytes}
        return totals | asdict(self)


def summarize(model: Any) -> ModelSummary:
    """The summary of a built model; the parts of models within it stand in their place."""
    operations = list(_operations(model))
    owner = {
        id(inner): number
        for number, operation in enumerate(operations)
        for inner in (operation, *private_keras.layers_of(operation))
    }
    flops: Counter[int] = Counter()
    for layer, call in flops_of_calls(model):
        flops[owner[id(layer)]] += call.flops
    return ModelSummary(
        parameters=model.count_params(),
        trained_parameters=sum(math.prod(each.shape) for each in model.trainable_variables),
        weights_bytes=sum(_bytes(each) for each in model.weights),
        layers=[_layer(each, flops[number]) for number, each in enumerate(operations)],
    )


def tables(
    summary: ModelSummary,
    title: str,
    *,
    facts: Sequence[tuple[str, str]] = (),
    batch_size: int | None = None,
) -> RenderableType:
    """The layers, then the totals.

    Args:
        facts: that come before the totals.
        batch_size: to say what the outputs of a batch take, too.
    """
    numbers = (Column(name, is_number=True) for name in ("weights", "operations"))
    layers = terminal.table("layer", Column("kind", leave_out=1), "output", *numbers)
    for layer in summary.layers:
        figures = (f"{number:,}" if number else "" for number in (layer.parameters, layer.flops))
        layers.add_row(layer.name, layer.kind, _shown_shape(layer), *figures)
    totals = terminal.table("", title)
    for name, value in (*facts, *_totals(summary, batch_size)):
        totals.add_row(name, value)
    return Group(layers, totals)


def announce(model: Any, *, batch_size: int) -> None:
    """Prints the summary on stderr, in plain text."""
    text = io.StringIO()
    console = terminal.console(text, width=_WIDE, is_plain=True)
    console.print(tables(summarize(model), model.name, batch_size=batch_size))
    for line in text.getvalue().splitlines():
        note(line.rstrip())


def _totals(summary: ModelSummary, batch_size: int | None) -> Iterator[tuple[str, str]]:
    weights, outputs = summary.weights_bytes / 1e6, summary.activation_bytes / 1e6
    trained = f"{summary.trained_parameters:,} of them trained"
    yield "weights", f"{summary.parameters:,}, {trained}"
    yield "memory of the weights", f"{weights:,.1f} MB"
    of_batch = "" if batch_size is None else f", {batch_size * outputs:,.1f} MB a batch"
    yield "memory of all outputs", f"{outputs:,.2f} MB a sample{of_batch}"
    yield "operations", f"{summary.flops / 1e6:,.1f} MFLOP a sample, forward"


def _operations(model: Any) -> Iterator[Any]:
    """In their order, without the inputs of models within models."""
    for each in getattr(model, "operations", model.layers):
        if _is_transparent(each):
            yield from (inner for inner in _operations(each) if _kind(inner) != "InputLayer")
        else:
            yield each


def _is_transparent(operation: Any) -> bool:
    """True for a model whose layers are known; of a subclass of Keras' they are not."""
    import keras

    return isinstance(operation, keras.Sequential) or hasattr(operation, "operations")


def _layer(operation: Any, flops: int) -> LayerSummary:
    import keras

    outputs = keras.tree.flatten(operation.output)
    return LayerSummary(
        name=operation.name,
        kind=_kind(operation),
        output_shape=list(outputs[0].shape[1:]) if len(outputs) == 1 else None,
        parameters=operation.count_params() if private_keras.layers_of(operation) else 0,
        flops=flops,
        output_bytes=sum(_bytes(each, skipped=1) for each in outputs),
    )


def _bytes(tensor: Any, *, skipped: int = 0) -> int:
    """The size of its values.

    Args:
        skipped: axes in front that do not count.
    """
    sizes = tensor.shape[skipped:]
    return int(math.prod(size or 1 for size in sizes)) * int(np.dtype(tensor.dtype).itemsize)


def _kind(operation: Any) -> str:
    return type(operation).__name__


def _shown_shape(layer: LayerSummary) -> str:
    if layer.output_shape is None:
        return ""
    return "x".join("?" if size is None else str(size) for size in layer.output_shape)
