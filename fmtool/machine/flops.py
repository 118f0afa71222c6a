"""Counts the multiplications and additions of a model, layer by layer."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, TypeAlias

Kind = Literal["convolution", "dense"]
STEP_PASSES = 3
"""What a training step costs in forward passes: its own, the gradients of inputs and weights."""


@dataclass(frozen=True)
class Flops:
    """Of the forward pass of one sample; a multiplication and an addition are two."""

    convolution: int
    dense: int

    @property
    def total(self) -> int:
        return self.convolution + self.dense

    @property
    def training(self) -> int:
        """Of a training step, per sample."""
        return STEP_PASSES * self.total


@dataclass(frozen=True)
class LayerFlops:
    """Of one call of a layer, forward, for one sample."""

    kind: Kind
    flops: int


Shape: TypeAlias = tuple[int, ...]
"""Without the batch, channels last."""
Counter: TypeAlias = Callable[[Any, Shape, Shape], LayerFlops]
"""Of a layer, from the shapes of its inputs and outputs."""


def model_flops(model: Any) -> Flops:
    """Of convolutions, dense layers and attention, which do nearly all; others count nothing."""
    calls = layer_flops(model)
    return Flops(
        convolution=sum(call.flops for call in calls if call.kind == "convolution"),
        dense=sum(call.flops for call in calls if call.kind == "dense"),
    )


def layer_flops(model: Any) -> list[LayerFlops]:
    """An entry for each call of a convolution or dense layer; see `flops_of_calls`."""
    return [call for _, call in flops_of_calls(model)]


def flops_of_calls(model: Any) -> list[tuple[Any, LayerFlops]]:
    """Each call of a convolution or dense layer, however deep it is nested, with that layer.

    Those within an attention, and its products, are told as calls of the attention.

    The model is followed on shapes alone; nothing is computed, and nothing of it changes.

    Args:
        model: a built Keras model with one input.
    """
    import keras

    attention = keras.layers.MultiHeadAttention
    (pixels,) = model.inputs
    sample = keras.KerasTensor((1, *pixels.shape[1:]), dtype=pixels.dtype)
    calls: list[tuple[Any, LayerFlops]] = []
    with ExitStack() as watched:
        for layer in _distinct_layers(model):
            watch = _watched_attention if isinstance(layer, attention) else _watched
            watched.enter_context(watch(layer, calls))
        model.compute_output_spec(sample)
    return calls


def _distinct_layers(model: Any) -> list[Any]:
    return list({id(layer): layer for layer in model._flatten_layers(include_self=False)}.values())


@contextmanager
def _watched(layer: Any, calls: list[tuple[Any, LayerFlops]]) -> Iterator[None]:
    """Notes the calls of `layer`: Keras asks a functional model for shapes, others it calls."""
    count = _counter(layer)
    if count is None:
        yield
        return

    def noting(method: Callable[..., Any]) -> Callable[..., Any]:
        def noted(inputs: Any, *args: Any, **kwargs: Any) -> Any:
            outputs = method(inputs, *args, **kwargs)
            calls.append((layer, count(layer, inputs.shape[1:], outputs.shape[1:])))
            return outputs

        return noted

    for name in ("call", "compute_output_spec"):
        setattr(layer, name, noting(getattr(layer, name)))
    try:
        yield
    finally:
        del layer.call, layer.compute_output_spec


@contextmanager
def _watched_attention(layer: Any, calls: list[tuple[Any, LayerFlops]]) -> Iterator[None]:
    """Asked for its shape, it does not ask the dense layers in it; called, it calls them."""

    def noting(method: Callable[..., Any], count: Callable[..., list[int]]) -> Callable[..., Any]:
        def noted(query: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
            found = count(layer, query.shape[1:], value.shape[1:])
            calls.extend((layer, LayerFlops("dense", flops)) for flops in found)
            return method(query, value, *args, **kwargs)

        return noted

    layer.call = noting(layer.call, _of_products)
    layer.compute_output_spec = noting(layer.compute_output_spec, _of_attention)
    try:
        yield
    finally:
        del layer.call, layer.compute_output_spec


def _counter(layer: Any) -> Counter | None:
    from keras import layers

    by_class: dict[tuple[type, ...], Counter] = {
        (layers.Dense,): _of_dense,
        (layers.EinsumDense,): _of_einsum,
        (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose): _of_transposed,
        (
            layers.Conv1D, layers.Conv2D, layers.Conv3D, layers.DepthwiseConv1D,
            layers.DepthwiseConv2D, layers.SeparableConv1D, layers.SeparableConv2D,
        ): _of_convolution,
    }  # fmt: skip
    return next((count for classes, count in by_class.items() if isinstance(layer, classes)), None)


def _of_dense(layer: Any, inputs: Shape, outputs: Shape) -> LayerFlops:
    return LayerFlops("dense", 2 * prod(inputs) * layer.units)


def _of_einsum(layer: Any, inputs: Shape, outputs: Shape) -> LayerFlops:
    # Keras does not know every axis of the outputs.
    into, kernel = layer.equation.partition("->")[0].split(",")
    sizes = zip(kernel, layer.kernel.shape, strict=True)
    added = prod(size for axis, size in sizes if axis not in into)
    return LayerFlops("dense", 2 * prod(inputs) * added)


def _of_attention(layer: Any, query: Shape, value: Shape) -> list[int]:
    dense = [(layer.query_dense, query), (layer.key_dense, value)]
    dense += [(layer.value_dense, value), (layer.output_dense, query)]
    projections = [2 * prod(shape[:-1]) * prod(each.kernel.shape) for each, shape in dense]
    return projections + _of_products(layer, query, value)


def _of_products(layer: Any, query: Shape, value: Shape) -> list[int]:
    """Of queries with keys, and of what comes out with values."""
    pairs = prod(query[:-1]) * prod(value[:-1])
    return [2 * pairs * layer.num_heads * size for size in (layer.key_dim, layer.value_dim)]


def _of_convolution(layer: Any, inputs: Shape, outputs: Shape) -> LayerFlops:
    return LayerFlops("convolution", 2 * _kernel_size(layer) * prod(outputs[:-1]))


def _of_transposed(layer: Any, inputs: Shape, outputs: Shape) -> LayerFlops:
    return LayerFlops("convolution", 2 * _kernel_size(layer) * prod(inputs[:-1]))


def _kernel_size(layer: Any) -> int:
    """Elements; a separable convolution has two kernels."""
    return sum(prod(each.shape) for each in layer.weights if each.name.endswith("kernel"))
