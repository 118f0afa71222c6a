"""OpenVINO's intermediate representation, made from the ONNX graph."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from fmtool.export.metadata import KEY
from fmtool.export.options import Options

BACKEND = "tensorflow"
MODULES = ("tensorflow", "tf2onnx", "onnx", "onnxslim", "onnxruntime", "openvino")
QUANTIZATIONS = ("float16", "int8")
FILE = "model.xml"
"""The weights are beside it, in model.bin."""


def convert(network: Any, path: Path, options: Options) -> None:
    import openvino

    from fmtool.export.formats import onnx

    is_float16 = options.quantization == "float16"
    graph_options = options
    if is_float16:
        metadata = replace(options.metadata, quantization="none")
        graph_options = replace(options, metadata=metadata)
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder, onnx.FILE)
        onnx.convert(network, graph, graph_options)
        model = openvino.Core().read_model(graph)
    model.set_rt_info(options.metadata.to_json(), KEY)
    openvino.save_model(model, path, compress_to_fp16=is_float16)
