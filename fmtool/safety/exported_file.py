"""The gate that every exported model passes before its runtime opens it, without that runtime."""

import os
from pathlib import Path

from fmtool.errors import DataError, Refused
from fmtool.safety import litert_file, onnx_file, openvino_file, saved_model_folder, torch_program
from fmtool.safety.regular_file import open_file

_MAX_BYTES = 1 << 34
"""16 GiB: it is read whole."""
_DAMAGE = "export it again"


def check(kind: str, path: Path) -> None:
    """Reads a file, or the folder of a SavedModel, as one of the formats of `fmtool export`.

    Args:
        kind: the format; `keras` is left to `model_file`, which knows what Keras has registered.

    Raises:
        Refused: it could do more than compute.
        DataError: it is damaged.
    """
    if kind == "keras":
        return
    origin = str(path)
    try:
        if kind == "saved_model":
            content = _read(path / saved_model_folder.MODEL)
            saved_model_folder.check(path, memoryview(content), origin=origin)
            return
        content = _read(path)
        if kind == "onnx":
            onnx_file.check(memoryview(content), origin=origin)
        elif kind == "litert":
            litert_file.check(memoryview(content), origin=origin)
        elif kind == "openvino":
            openvino_file.check(content, weights=path.with_suffix(".bin"), origin=origin)
        else:
            assert kind == "torch", kind
            torch_program.check(content, origin=origin)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"{path}: {reason}", fix=_DAMAGE) from error
    # What parsers raise for damage: all that is wrong with numbers, text, JSON and archives.
    except (ValueError, TypeError, LookupError, AttributeError, EOFError) as error:
        raise DataError(f"{path} is damaged: {str(error)[:120]}", fix=_DAMAGE) from error


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise Refused(f"{path} is not a regular file", fix="put the model there")
    with open_file(path) as file:
        found = os.fstat(file.fileno())
        if found.st_size > _MAX_BYTES:
            raise Refused(f"{path} has {found.st_size:,} bytes", fix="export a smaller model")
        return file.read()
