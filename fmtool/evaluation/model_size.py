"""The number of weights a model file asks Keras for, found before Keras makes room for them.

A layer of a few bytes in config.json (`units: 10000000`) can ask for terabytes.
"""

import copy
import math
from pathlib import Path

from fmtool.errors import Refused
from fmtool.safety.model_file import Contents

_SLACK = 1_000_000
"""Numbers; for the few that Keras makes without storing them."""


def check(contents: Contents, path: Path) -> None:
    """Raises Refused for a model with far more weights than are stored with it.

    A scope in which Keras defers all values builds an outline of the model.
    """
    import keras

    scope = keras.StatelessScope(initialize_variables=False)
    try:
        with scope:
            # Keras takes a config apart while it reads it.
            config = copy.deepcopy({**contents.config, "compile_config": None})
            outline = keras.saving.deserialize_keras_object(config)
            asked = sum(math.prod(weight.shape) for weight in outline.weights)
            # What was deferred is made when a scope ends, be it a later one: so now if it is small.
            scope.initialize_variables = asked <= 2 * contents.stored_numbers + _SLACK
    finally:
        if not scope.initialize_variables:
            keras.utils.clear_session()
    if not scope.initialize_variables:
        raise Refused(
            f"{path} asks for {asked:,} weights and holds {contents.stored_numbers:,}",
            fix="delete the file unless you trust who made it",
        )
