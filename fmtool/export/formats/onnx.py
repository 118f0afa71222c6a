"""ONNX, converted by tf2onnx and run by ONNX Runtime."""

from pathlib import Path
from typing import Any

from fmtool.export.metadata import KEY
from fmtool.export.options import Options

BACKEND = "tensorflow"
MODULES = ("tensorflow", "tf2onnx", "onnx", "onnxslim", "onnxruntime")
QUANTIZATIONS = ("float16", "dynamic", "int8")
FILE = "model.onnx"


def convert(network: Any, path: Path, options: Options) -> None:
    import onnx

    from fmtool.export import onnx_graph, onnx_quantization

    graph = onnx_graph.of_network(network, options)
    if options.simplify:
        graph = onnx_graph.simplified(graph)
    if options.quantization != "none":
        graph = onnx_quantization.quantized(graph, options)
    graph.producer_name, graph.producer_version = "fmtool", options.metadata.fmtool
    entry = graph.metadata_props.add()
    entry.key, entry.value = KEY, options.metadata.to_json()
    onnx.checker.check_model(graph)
    onnx.save_model(graph, path)
