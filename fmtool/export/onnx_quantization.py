"""Smaller ONNX graphs, by the tools of ONNX Runtime."""

import tempfile
from pathlib import Path
from typing import Any

from fmtool.export.options import Options

_BATCH = 32
_WEIGHTED = ["Conv", "MatMul", "Gemm"]


def quantized(model: Any, options: Options) -> Any:
    """The model with float16 or 8-bit weights; `int8` has 8-bit activations too."""
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
            _quantize_all(prepared, made, options)
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


def _quantize_all(given: Path, made: Path, options: Options) -> None:
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    reads, samples = options.metadata.input, options.calibration_samples()
    size = reads.batch or _BATCH

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # ships no types
        def __init__(self) -> None:
            whole = len(samples) // size * size
            self._batches = iter(samples[first : first + size] for first in range(0, whole, size))

        def get_next(self) -> dict[str, Any] | None:
            batch = next(self._batches, None)
            return None if batch is None else {reads.name: batch}

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
