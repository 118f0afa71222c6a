"""Names in a model's config that are known to do no more than compute, and their neighbours."""

import pytest

from fmtool.safety.model_classes import is_known_class, is_known_function


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras.src.ops.numpy", "Mean"),
        ("keras.src.ops.nn", "Relu6"),
        ("keras.src.ops.core", "Cast"),
        ("keras.layers", "Dense"),
        ("keras.initializers", "GlorotUniform"),
        ("keras", "Functional"),
    ],
)
def test_a_layer_or_an_operation_is_known(module, name):
    assert is_known_class(module, name)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("keras.src.ops.numpy", "mean"),
        ("keras.src.ops.numpy", "_Mean"),
        ("keras.src.ops.numpy", "Mean.__init__"),
        ("keras.src.ops.math", "JVP"),
        ("keras.src.ops.core", "JVP"),
        ("keras.src.ops.core", "VectorizedMap"),
        ("keras.src.ops", "Mean"),
        ("keras.layers", "Lambda"),
        ("os", "Mean"),
        (None, "Dense"),
        ("keras.layers", None),
        (["keras.layers"], "Dense"),
    ],
)
def test_a_function_or_what_takes_code_is_not(module, name):
    assert not is_known_class(module, name)


@pytest.mark.parametrize(
    ("module", "name", "is_known"),
    [
        ("builtins", "relu", True),
        ("keras.activations", "softmax", True),
        ("builtins", "eval", False),
        ("os", "relu", False),
        ("keras.activations", "deserialize", False),
    ],
)
def test_activations_are_the_only_functions(module, name, is_known):
    assert is_known_function(module, name) is is_known
