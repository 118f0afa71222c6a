"""A .keras file of builtin layers, in float32."""

import zipfile
from pathlib import Path
from typing import Any

from fmtool.export.metadata import FILE as METADATA_FILE
from fmtool.export.options import Options

BACKEND = "tensorflow"
MODULES = ("tensorflow",)
PIP = "tensorflow"
QUANTIZATIONS = ()
FILE = "model.keras"


def convert(network: Any, path: Path, options: Options) -> None:
    network.save(path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"assets/{METADATA_FILE}", options.metadata.to_json())
