"""Smaller ONNX graphs, by the tools of ONNX Runtime."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fmtool.export.options import Options

_BATCH = 32
_WEIGHTED = ["Conv", "MatMul", "Gemm"]


def quantized(model: Any, options: Options) -> Any:
    """The model with float16 or 8-bit weights; `int8` has 8-bit activations too.

    What resizes pictures of any size stays exact.
    """
    if None not in options.metadata.input.shape:
        return _quantized(model, options, lambda samples: samples)
    from onnx import compose
    from onnxruntime import InferenceSession

    resizing, network = _split(model)
    session = InferenceSession(resizing.SerializeToString(), providers=["CPUExecutionProvider"])
    name = options.metadata.input.name
    # As the graph has them within: their axes may be in another order.
    made = _quantized(network, options, lambda samples: session.run(None, {name: samples})[0])
    _set_apart(resizing.graph)
    # The tools may ask for another version of the format than the graph came with.
    resizing.ir_version = made.ir_version
    pixels = resizing.graph.output[0].name
    return compose.merge_models(resizing, made, io_map=[(pixels, pixels)])


def _set_apart(graph: Any) -> None:
    """Gives all but the ends of a graph names that the other half cannot have."""
    ends = {"", *(each.name for each in (*graph.input, *graph.output))}

    def renamed(name: str) -> str:
        return name if name in ends else f"resizing/{name}"

    del graph.value_info[:]
    for part in (*graph.node, *graph.initializer):
        part.name = renamed(part.name)
    for node in graph.node:
        node.input[:] = map(renamed, node.input)
        node.output[:] = map(renamed, node.output)


def _split(model: Any) -> tuple[Any, Any]:
    """Operations that bring pictures to their size, until they are whole numbers; and the rest."""
    from onnx import TensorProto, shape_inference, utils

    model = shape_inference.infer_shapes(model)
    (pixels,) = (
        node.output[0]
        for node in model.graph.node
        if node.op_type == "Cast" and node.attribute[0].i == TensorProto.UINT8
    )
    extractor = utils.Extractor(model)
    samples, outputs = (
        [each.name for each in ends] for ends in (model.graph.input, model.graph.output)
    )
    return extractor.extract_model(samples, [pixels]), extractor.extract_model([pixels], outputs)


def _quantized(model: Any, options: Options, prepared_by: Callable[[Any], Any]) -> Any:
    """See `quantized`; `prepared_by` makes of samples what the model reads."""
    if options.quantization == "float16":
        return _halved(model)
    import onnx

    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "given.onnx"), Path(folder, "made.onnx")
        onnx.save_model(model, given)
        prepared = Path(folder, "prepared.onnx")
        _prepare(given, prepared)
        if options.quantization == "dynamic":
            _quantize_weights(prepared, made)
        else:
            _quantize_all(prepared, made, options, prepared_by)
        return onnx.load_model(made)


def _halved(model: Any) -> Any:
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    halved = OnnxModel(convert_float_to_float16(model, keep_io_types=True))
    # Around operations that stay in float32, such as Resize, it adds others behind all nodes.
    halved.topological_sort()
    return halved.model


def _prepare(given: Path, prepared: Path) -> None:
    """Shapes of all values, which the quantizer looks at, and batch normalization folded."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    quant_pre_process(str(given), str(prepared), skip_symbolic_shape=True)


def _quantize_weights(given: Path, made: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Convolutions of 8-bit weights and float32 activations are slower than either.
    quantize_dynamic(given, made, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"])


def _quantize_all(
    given: Path, made: Path, options: Options, prepared_by: Callable[[Any], Any]
) -> None:
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    samples, size = options.calibration_samples(), options.metadata.input.batch or _BATCH
    name = onnx.load_model(given).graph.input[0].name

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # ships no types
        def __init__(self) -> None:
            whole = len(samples) // size * size
            self._batches = iter(samples[first : first + size] for first in range(0, whole, size))

        def get_next(self) -> dict[str, Any] | None:
            batch = next(self._batches, None)
            return None if batch is None else {name: prepared_by(batch)}

    quantize_static(
        given,
        made,
        Reader(),
        quant_format=QuantFormat.QDQ,
        op_types_to_quantize=_WEIGHTED,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
