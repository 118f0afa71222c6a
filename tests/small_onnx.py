"""ONNX files of a few bytes, as `fmtool export` would write them, whose answers are plain."""

import dataclasses

import numpy as np
import onnx
from label_outputs import declared
from onnx import TensorProto, helper, numpy_helper

from fmtool.export.metadata import INPUT_NAMES, KEY, Input, Metadata
from fmtool.targets import Label

LABELS = ("red", "green", "blue")
_TYPES = {
    "image": ("uint8", TensorProto.UINT8),
    "text": ("int32", TensorProto.INT32),
    "features": ("float32", TensorProto.FLOAT),
}
_FLOAT = TensorProto.FLOAT


def _logits(kind, name):
    """Means of the channels, sums of the three numbers of each token, or the numbers themselves."""
    if kind == "image":
        return [
            helper.make_node("Cast", [name], ["pixels_as_floats"], to=_FLOAT),
            helper.make_node(
                "ReduceMean", ["pixels_as_floats"], ["logits"], axes=[1, 2], keepdims=0
            ),
        ]
    if kind == "text":
        return [
            helper.make_node("Gather", ["table", name], ["vectors"]),
            helper.make_node("ReduceMean", ["vectors"], ["logits"], axes=[1], keepdims=0),
        ]
    return [helper.make_node("Identity", [name], ["logits"])]


def metadata(
    kind, shape, *, labels=LABELS, outputs=("probabilities", "logits", "label"), **changes
):
    dtype, _ = _TYPES[kind]
    maximum = 255 if kind == "image" else None
    made = Metadata(
        model="plain",
        data="colours",
        run="run",
        fmtool="0",
        manifest_digest="",
        quantization="none",
        input=Input(INPUT_NAMES[kind], kind, dtype, shape, None, maximum),
        trained_shape=tuple(side or 4 for side in shape),
        outputs=declared(outputs, labels),
        target=Label(tuple(labels)),
    )
    return dataclasses.replace(made, **changes)


def model(kind, shape, *, vocabulary=8, **changes):
    """An `onnx.ModelProto`; `changes` are of its metadata."""
    said = metadata(kind, shape, **changes)
    name = said.input.name
    table = np.eye(3, dtype=np.float32)[np.arange(vocabulary) % 3]
    nodes = [
        *_logits(kind, name),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
        helper.make_node("ArgMax", ["logits"], ["label_as_int64"], axis=-1, keepdims=0),
        helper.make_node("Cast", ["label_as_int64"], ["label"], to=TensorProto.INT32),
    ]
    rows = [said.input.batch or "batch"]
    outputs = [
        helper.make_tensor_value_info(each, TensorProto.INT32, rows)
        if each == "label"
        else helper.make_tensor_value_info(each, _FLOAT, [*rows, 3])
        for each in said.outputs
    ]
    graph = helper.make_graph(
        nodes,
        "plain",
        [helper.make_tensor_value_info(name, _TYPES[kind][1], [*rows, *shape])],
        outputs,
        [numpy_helper.from_array(table, "table")] if kind == "text" else [],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    entry = made.metadata_props.add()
    entry.key, entry.value = KEY, said.to_json()
    return made


def write(path, kind, shape, **changes):
    onnx.save_model(model(kind, shape, **changes), path)
    return path
