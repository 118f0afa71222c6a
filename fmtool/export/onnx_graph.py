"""A network as a graph of ONNX; imported where TensorFlow is."""

from typing import Any

import numpy as np

from fmtool.export.options import Options
from fmtool.export.tensorflow_function import function_of


def of_network(network: Any, options: Options) -> Any:
    """An `onnx.ModelProto` with the input and the outputs that the metadata name."""
    import tf2onnx

    reads = options.metadata.input
    function = function_of(network, reads)
    model, _ = tf2onnx.convert.from_function(
        function,
        input_signature=function.input_signature,
        opset=options.opset,
        custom_op_handlers={"Erfc": (_complement_of_erf, [])},
    )
    by_name = {value.name: value for value in model.graph.output}
    del model.graph.output[:]
    model.graph.output.extend(by_name[name] for name in options.metadata.outputs)
    batch = "batch" if reads.batch is None else reads.batch
    for value in (*model.graph.input, *model.graph.output):
        _set_batch(value, batch)
    _leave_out_what_is_empty(model.graph)
    return model


def simplified(model: Any) -> Any:
    """The model with constants folded and what does nothing taken out."""
    import onnxslim

    return onnxslim.slim(model)


def _set_batch(value: Any, batch: str | int) -> None:
    first = value.type.tensor_type.shape.dim[0]
    if isinstance(batch, int):
        first.dim_value = batch
    else:
        first.dim_param = batch


def _leave_out_what_is_empty(graph: Any) -> None:
    """Drops empty inputs of Resize: tf2onnx gives arrays without elements, taken for given."""
    empty = {each.name for each in graph.initializer if 0 in each.dims}
    for node in graph.node:
        if node.op_type == "Resize":
            node.input[:] = ["" if name in empty else name for name in node.input]
    unread = empty - {name for node in graph.node for name in node.input}
    kept = [each for each in graph.initializer if each.name not in unread]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _complement_of_erf(context: Any, node: Any, name: str, arguments: Any) -> None:
    """1 - erf(x) for TensorFlow's erfc, which ONNX lacks and tf2onnx writes down all the same.

    The exact GELU is made of it. What is lost where erfc is near 0 is below 1e-7 of 1.
    """
    (given,), (given_out,) = node.input, node.output
    dtype = context.get_dtype(given_out)
    shapes = [context.get_shape(given_out)]
    context.remove_node(node.name)
    one = context.make_const(f"{name}_one", np.ones((), np.float32))
    erf = context.make_node("Erf", [given], shapes=shapes, dtypes=[dtype])
    context.make_node(
        "Sub",
        [one.output[0], erf.output[0]],
        name=name,
        outputs=[given_out],
        shapes=shapes,
        dtypes=[dtype],
    )
