"""Counts the multiplications and additions of a model, layer by layer."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, TypeAlias

from fmtool.compat import private_keras
from fmtool.trees import mapped

LayerKind = Literal["convolution", "dense"]
STEP_PASSES = 3
"""The cost of a training step in forward passes: its own, the gradients of inputs and weights."""


@dataclass(frozen=True)
class Flops:
    """The work of a forward pass of one sample; a multiplication and an addition are two."""

    convolution: int
    dense: int

    @property
    def total(self) -> int:
        return self.convolution + self.dense

    @property
    def training(self) -> int:
        """The work of a training step, per sample."""
        return STEP_PASSES * self.total


@dataclass(frozen=True)
class LayerFlops:
    """The work of one call of a layer or operation, forward, for one sample."""

    kind: LayerKind
    flops: int


Shape: TypeAlias = tuple[int, ...]
"""Without the batch, channels last."""
Counter: TypeAlias = Callable[..., LayerFlops]
"""A count for a layer or operation, from the shapes of its first input and its output."""


def model_flops(model: Any) -> Flops:
    """The work that convolves or multiplies matrices, nearly all of it; the rest counts nothing."""
    calls = layer_flops(model)
    return Flops(
        convolution=sum(call.flops for call in calls if call.kind == "convolution"),
        dense=sum(call.flops for call in calls if call.kind == "dense"),
    )


def layer_flops(model: Any) -> list[LayerFlops]:
    """An entry for each call of a layer or operation that counts; see `flops_of_calls`."""
    return [call for _, call in flops_of_calls(model)]


def flops_of_calls(model: Any) -> list[tuple[Any, LayerFlops]]:
    """Each call of what counts, however deep it is nested, with that layer or operation.

    What a layer calls within is told as a call of it.

    The model is followed on shapes alone; nothing is computed, and nothing of it changes.

    Args:
        model: a built Keras model with one input, or several by name.
    """
    import keras

    sample = mapped(
        lambda each: keras.KerasTensor((1, *each.shape[1:]), dtype=each.dtype), model.input
    )
    calls: list[tuple[Any, LayerFlops]] = []
    with ExitStack() as watched:
        for operation in _distinct_operations(model):
            watched.enter_context(_watched(operation, calls))
        model.compute_output_spec(sample)
    return calls


def _distinct_operations(model: Any) -> list[Any]:
    """Layers of the model and all models in it, and operations that no layer stands for."""
    import keras

    layers = private_keras.layers_of(model)
    graphs = (layer for layer in layers if isinstance(layer, keras.Function))
    found = [*layers, *(each for graph in graphs for each in graph.operations)]
    return list({id(each): each for each in found}.values())


@contextmanager
def _watched(operation: Any, calls: list[tuple[Any, LayerFlops]]) -> Iterator[None]:
    """Notes the calls: Keras asks a functional model for shapes, others it calls."""
    count = _counter(operation)
    if count is None:
        yield
        return

    def noting(method: Callable[..., Any]) -> Callable[..., Any]:
        def noted(inputs: Any, *args: Any, **kwargs: Any) -> Any:
            before = len(calls)
            outputs = method(inputs, *args, **kwargs)
            # Of attention, what is attended to.
            value = [args[0].shape[1:]] if count is _of_attention else []
            # A layer may call layers of its own, which its count includes.
            counted = count(operation, inputs.shape[1:], outputs.shape[1:], *value)
            calls[before:] = [(operation, counted)]
            return outputs

        return noted

    for name in ("call", "compute_output_spec"):
        setattr(operation, name, noting(getattr(operation, name)))
    try:
        yield
    finally:
        del operation.call, operation.compute_output_spec


def _counter(operation: Any) -> Counter | None:
    from keras import layers

    einsum, matmul = private_keras.einsum_and_matmul()

    by_class: dict[tuple[type, ...], Counter] = {
        (layers.Dense,): _of_dense,
        (layers.EinsumDense,): _of_einsum_dense,
        (layers.RNN, layers.Bidirectional): _of_recurrence,
        (layers.MultiHeadAttention,): _of_attention,
        (einsum,): _of_einsum,
        (matmul,): _of_matmul,
        (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose): _of_transposed,
        (
            layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.DepthwiseConv1D,
            layers.DepthwiseConv2D, layers.SeparableConv1D, layers.SeparableConv2D,
        ): _of_convolution,
    }  # fmt: skip
    matching = (count for kinds, count in by_class.items() if isinstance(operation, kinds))
    return next(matching, None)


def _of_dense(layer: Any, inputs: Shape, outputs: Shape) -> LayerFlops:
    return LayerFlops("dense", 2 * prod(inputs) * layer.units)


def _of_einsum_dense(layer: Any, inputs: Shape, outputs: Shape) -> LayerFlops:
    # Keras does not know every axis of the outputs.
    into, kernel = layer.equation.partition("->")[0].split(",")
    sizes = zip(kernel, layer.kernel.shape, strict=True)
    added = prod(size for axis, size in sizes if axis not in into)
    return LayerFlops("dense", 2 * prod(inputs) * added)


def _of_recurrence(layer: Any, inputs: Shape, outputs: Shape) -> LayerFlops:
    return LayerFlops("dense", 2 * _kernel_size(layer) * inputs[0])


def _of_attention(layer: Any, inputs: Shape, outputs: Shape, value: Shape) -> LayerFlops:
    queries, keys = prod(inputs[:-1]), prod(value[:-1])
    dense = [(layer.query_dense, queries), (layer.key_dense, keys)]
    dense += [(layer.value_dense, keys), (layer.output_dense, queries)]
    projected = sum(positions * prod(each.kernel.shape) for each, positions in dense)
    widths = layer.num_heads * (layer.key_dim + layer.value_dim)
    return LayerFlops("dense", 2 * (projected + queries * keys * widths))


def _of_einsum(operation: Any, inputs: Shape, outputs: Shape) -> LayerFlops:
    operands, _, result = operation.subscripts.partition("->")
    sizes = zip(operands.partition(",")[0][1:], inputs, strict=True)
    added = prod(size for axis, size in sizes if axis not in result)
    return LayerFlops("dense", 2 * prod(outputs) * added)


def _of_matmul(operation: Any, inputs: Shape, outputs: Shape) -> LayerFlops:
    return LayerFlops("dense", 2 * prod(outputs) * inputs[-1])


def _of_convolution(layer: Any, inputs: Shape, outputs: Shape) -> LayerFlops:
    return LayerFlops("convolution", 2 * _kernel_size(layer) * prod(outputs[:-1]))


def _of_transposed(layer: Any, inputs: Shape, outputs: Shape) -> LayerFlops:
    return LayerFlops("convolution", 2 * _kernel_size(layer) * prod(inputs[:-1]))


def _kernel_size(layer: Any) -> int:
    """Elements; a separable convolution has two kernels, as has a recurrent cell."""
    return sum(prod(each.shape) for each in layer.weights if each.name.endswith("kernel"))
