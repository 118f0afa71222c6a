"""A package that is installed and cannot be imported."""

import subprocess
import sys
from importlib.util import find_spec

CODE = """
import sys
from importlib.util import find_spec

from fmtool.machine.hiding import hide

hide("sqlite3")
try:
    import sqlite3
except ImportError as error:
    print(error)
print("sqlite3" in sys.modules, find_spec("sqlite3") is not None)
import json
hide("json")
import json
print(json.dumps(1))
"""


def test_it_cannot_be_imported_and_leaves_no_trace_and_what_was_imported_stays():
    printed = subprocess.check_output([sys.executable, "-c", CODE], text=True)
    assert printed.splitlines() == ["No module named 'sqlite3'", "False True", "1"]
    assert find_spec("sqlite3") is not None


LAYERS = """
from fmtool import backend
from fmtool.schema import RuntimeConfig

backend.select(RuntimeConfig(
    backend="torch", device="cpu", precision="float32", threads=1, deterministic=False,
    jit="auto", steps_per_dispatch="auto", profile=False,
))
import sys

import keras
import numpy as np

inputs = keras.Input((2,))
model = keras.Model(inputs, keras.layers.Rescaling(0.5, offset=1.0)(inputs))
print(model.predict(np.array([[2.0, 4.0]]), verbose=0).tolist(), "tensorflow" in sys.modules)
"""


def test_preprocessing_layers_of_keras_work_on_torch_without_tensorflow():
    printed = subprocess.check_output(
        [sys.executable, "-c", LAYERS], text=True, stderr=subprocess.DEVNULL
    )
    assert printed.strip() == "[[2.0, 3.0]] False"
