"""LiteRT (once TensorFlow Lite), for phones and small devices."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fmtool.export import metadata
from fmtool.export.options import Options
from fmtool.export.runtimes.saved_model import SIGNATURE

BACKEND = "tensorflow"
MODULES = ("tensorflow", "ai_edge_litert")
QUANTIZATIONS = ("float16", "dynamic", "int8")
FILE = "model.tflite"
OF_ONE_SIZE = ("int8",)
"""The converter quantizes whatever computes, so resizing within the graph as well."""
UNROLLS = True
"""It has no loops over steps."""


def convert(network: Any, path: Path, options: Options) -> None:
    """Raises UsageError for operations that LiteRT does not have."""
    import tensorflow as tf

    from fmtool.export.tensorflow_function import frozen_function_of

    module = tf.Module()
    # The converter makes variables of weights that are none in the graph, and leaves them unset.
    module.serve = frozen_function_of(network, options.metadata.input)
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures={SIGNATURE: module.serve})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        _quantize(converter, options)
        content = converter.convert()
    path.write_bytes(content)
    # As its metadata have it: an archive behind the model, which interpreters do not look at.
    metadata.append(path, metadata.FILE, options.metadata)


def _quantize(converter: Any, options: Options) -> None:
    import tensorflow as tf

    if options.quantization == "none":
        return
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if options.quantization == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if options.quantization == "int8":
        converter.representative_dataset = lambda: _calibration(options)


def _calibration(options: Options) -> Iterator[dict[str, Any]]:
    reads, samples = options.metadata.input, options.calibration_samples()
    size = reads.batch or 1
    for first in range(0, len(samples) - size + 1, size):
        yield {reads.name: samples[first : first + size]}
