"""A module for each format that a model can be exported to; the folder is the registry.

Each module says

- `BACKEND`: of Keras, on which the format is exact;
- `MODULES`: what must be importable to write it and to run it, called like their packages;
- `QUANTIZATIONS`: what it can be made smaller by, beside `none`;
- `OF_ONE_SIZE`, where it has one: those that cannot be had for pictures of any size;
- `FILE`: the name of what it writes into a folder of its own;
- `convert(network, path, options)`, which writes it.
"""

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from fmtool import extras
from fmtool.errors import UsageError
from fmtool.suggest import did_you_mean

NAMES = ("keras", "saved_model", "onnx", "litert", "openvino", "torch")


def module(name: str) -> ModuleType:
    """The format called `name`; UsageError where there is none."""
    if name not in NAMES:
        raise UsageError(f"format={name}: no such format", fix=did_you_mean(name, NAMES))
    return import_module(f"{__name__}.{name}")


def is_installed(name: str) -> bool:
    return not _missing(name)


def require_installed(name: str) -> None:
    """Raises UsageError with the command that installs what the format needs."""
    missing = _missing(name)
    if missing:
        raise UsageError(
            f"format={name} needs {', '.join(missing)}, which is not installed",
            fix=extras.install(*missing),
        )


def _missing(name: str) -> list[str]:
    return [each for each in module(name).MODULES if find_spec(each) is None]
