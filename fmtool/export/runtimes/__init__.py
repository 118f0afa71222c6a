"""Exported files in their own runtimes, without Keras; a module for each format."""

from importlib import import_module
from pathlib import Path

from fmtool.errors import DataError
from fmtool.export.runtimes.base import Runtime

_BY_SUFFIX = {
    ".onnx": "onnx",
    ".tflite": "litert",
    ".xml": "openvino",
    ".pt2": "torch",
    ".keras": "keras",
    "": "saved_model",
}


def open_model(path: Path, *, threads: int) -> Runtime:
    """The model in a file, or in the folder of a SavedModel, ready to run on the CPU.

    Raises:
        Refused: it could do more than compute.
        DataError: it is damaged, or no file of `fmtool export`.
        UsageError: its runtime is not installed.
    """
    name = _BY_SUFFIX.get(path.suffix if path.is_file() else "")
    if name is None or (name == "saved_model" and not (path / "saved_model.pb").is_file()):
        raise DataError(
            f"{path} is no exported model",
            fix=f"give one of {', '.join(filter(None, _BY_SUFFIX))}, or the folder of a SavedModel",
        )
    runtime: Runtime = import_module(f"{__name__}.{name}").open_file(path, threads=threads)
    return runtime
