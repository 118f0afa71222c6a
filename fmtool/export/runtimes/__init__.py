"""Exported files in their own runtimes, without Keras; a module for each format."""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from fmtool import extras
from fmtool.errors import DataError, FmtoolError, UsageError, raise_if_used_up
from fmtool.export.runtimes.base import Runtime, reason
from fmtool.safety import exported_file

_BY_SUFFIX = {
    ".onnx": "onnx",
    ".tflite": "litert",
    ".xml": "openvino",
    ".pt2": "torch",
    ".keras": "keras",
    "": "saved_model",
}


NEEDS = {
    "onnx": "onnxruntime",
    "openvino": "openvino",
    "litert": "ai_edge_litert",
    "torch": "torch",
    "saved_model": "tensorflow",
    "keras": "keras",
}
"""The module that runs a format, called like its package; those first that start sooner."""


def runs_here(name: str) -> bool:
    """True where the runtime of a format is installed."""
    return find_spec(NEEDS[name]) is not None


def format_of(path: Path) -> str:
    """The format of a file, or of the folder of a SavedModel, by its name; DataError for others."""
    name = _BY_SUFFIX.get(path.suffix if path.is_file() else "")
    if name is None or (name == "saved_model" and not (path / "saved_model.pb").is_file()):
        raise DataError(
            f"{path} is no exported model",
            fix=f"give one of {', '.join(filter(None, _BY_SUFFIX))}, or the folder of a SavedModel",
        )
    return name


def open_model(path: Path, *, threads: int) -> Runtime:
    """The model in a file, or in the folder of a SavedModel, ready to run on the CPU.

    Raises:
        Refused: it could do more than compute.
        DataError: it is damaged, or no file of `fmtool export`.
        UsageError: its runtime is not installed.
    """
    name = format_of(path)
    if not runs_here(name):
        module = NEEDS[name]
        raise UsageError(
            f"{path} needs {module}, which is not installed", fix=extras.install(module)
        )
    exported_file.check(name, path)
    try:
        runtime: Runtime = import_module(f"{__name__}.{name}").open_file(path, threads=threads)
    except (FmtoolError, MemoryError):
        raise
    # Runtimes raise anything for a model that they cannot load.
    except Exception as error:
        raise_if_used_up(error)
        raise DataError(
            f"{path} cannot be loaded: {reason(error)}", fix="export it again"
        ) from error
    runtime.origin = str(path)
    return runtime
