"""TensorFlow's SavedModel, as TensorFlow Serving reads it: in a folder named by its version."""

from pathlib import Path
from typing import Any

from fmtool.export.metadata import FILE as METADATA_FILE
from fmtool.export.options import Options
from fmtool.export.runtimes.saved_model import EXTRAS, SIGNATURE

BACKEND = "tensorflow"
MODULES = ("tensorflow",)
QUANTIZATIONS = ()
FILE = "1"


def convert(network: Any, path: Path, options: Options) -> None:
    import tensorflow as tf

    from fmtool.export.tensorflow_function import function_of

    module = tf.Module()
    module.network = network
    module.serve = function_of(network, options.metadata.input)
    tf.saved_model.save(module, str(path), signatures={SIGNATURE: module.serve})
    extras = path / EXTRAS
    extras.mkdir()
    (extras / METADATA_FILE).write_text(options.metadata.to_json(), encoding="utf-8")
