"""A .keras file of builtin layers, in float32."""

from pathlib import Path
from typing import Any

from fmtool.export import metadata
from fmtool.export.options import Options
from fmtool.export.runtimes.keras import ASSET

BACKEND = "tensorflow"
MODULES = ("tensorflow",)
QUANTIZATIONS = ()
FILE = "model.keras"


def convert(network: Any, path: Path, options: Options) -> None:
    network.save(path)
    metadata.append(path, ASSET, options.metadata)
