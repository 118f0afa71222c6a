"""A1-A13: a model file from elsewhere runs nothing, reads nothing and stays within bounds."""

import inspect
import json
import os
from contextlib import suppress

import numpy as np
import pytest

from fmtool.errors import DataError, Refused
from fmtool.safety import model_classes, model_file


@pytest.fixture(scope="module")
def load():
    """The loader of `evaluate` and of the final report; with it comes Keras."""
    from fmtool.evaluation.measure import load_model

    return load_model


def test_every_attack_is_refused_in_one_line_and_changes_nothing(
    load, model_attack, model_attack_name, trap, secret_file
):
    with pytest.raises(Refused) as refusal:
        load(model_attack(model_attack_name))
    assert str(refusal.value).startswith(str(trap.marker.parent / "model.keras"))
    assert "hunter2" not in str(refusal.value)
    assert trap.is_untouched
    assert secret_file.read_text() == "hunter2\n"


def test_the_lambda_of_the_corpus_is_a_real_one(model_attack, trap):
    import keras

    keras.saving.load_model(model_attack("A1 lambda"), safe_mode=False)
    assert not trap.is_untouched


def test_the_same_model_without_an_attack_loads_and_computes(load, parts, tmp_path):
    model = load(parts.write(tmp_path / "model.keras"))
    assert np.asarray(model(np.array([[1, 2, 3, 4]], np.float32))).tolist() == [[1, 2]]


@pytest.mark.parametrize(("units", "is_refused"), [(10_000_000, True), (3, False)])
def test_a_model_that_asks_for_more_weights_than_it_holds_is_refused(
    load, parts, tmp_path, units, is_refused
):
    parts.dense["config"]["units"] = units
    with pytest.raises(Refused if is_refused else DataError) as error:
        load(parts.write(tmp_path / "model.keras"))
    assert ("asks for 50,000,000 weights and holds 10" in str(error.value)) == is_refused


def test_a_refused_outline_is_forgotten(load, parts, tmp_path):
    import keras

    parts.dense["config"]["units"] = 10**9
    with pytest.raises(Refused):
        load(parts.write(tmp_path / "model.keras"))
    with keras.StatelessScope():  # whose end makes what other scopes have deferred
        pass


def test_an_hdf5_model_is_refused_whatever_it_is_called(load, parts, tmp_path):
    for name in ("model.keras", "model.h5"):
        path = tmp_path / name
        path.write_bytes(parts.weights)
        with pytest.raises(Refused, match="no other can be checked"):
            load(path)


@pytest.mark.parametrize("marker", ["config.json", "_CHECKPOINT_METADATA", "manifest.ocdbt"])
def test_a_folder_in_the_place_of_a_model_is_refused(load, parts, tmp_path, marker):
    folder = tmp_path / "model.keras"
    folder.mkdir()
    (folder / marker).write_text(json.dumps(parts.config))
    with pytest.raises(Refused, match="is not a regular file"):
        load(folder)


@pytest.mark.skipif(os.name == "nt", reason="has no named pipes")
def test_a_named_pipe_in_the_place_of_a_model_does_not_hang(load, tmp_path):
    os.mkfifo(tmp_path / "model.keras")
    with pytest.raises(Refused, match="is not a regular file"):
        load(tmp_path / "model.keras")


@pytest.mark.parametrize("share", [0, 0.3, 0.999])
def test_a_truncated_model_is_damaged(load, parts, tmp_path, share):
    path = parts.write(tmp_path / "model.keras")
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DataError, match=r"model\.keras"):
        load(path)


def test_a_flipped_bit_is_damage_or_a_refusal_and_never_another_error(parts, tmp_path):
    path = parts.write(tmp_path / "model.keras")
    content = path.read_bytes()
    for position in range(0, len(content), len(content) // 100):
        flipped = bytearray(content)
        flipped[position] ^= 0x10
        path.write_bytes(flipped)
        with suppress(DataError, Refused):
            model_file.check(path, registered=())


@pytest.mark.parametrize(
    "config",
    [
        [], {}, {"class_name": []}, {"class_name": "function", "config": []},
        {"module": [], "class_name": "Dense"}, {"class_name": None}, "Dense",
    ],
    ids=str,
)  # fmt: skip
def test_a_config_that_describes_no_model_is_damaged_or_refused(parts, tmp_path, config):
    parts.config = config
    with pytest.raises((DataError, Refused), match=r"model\.keras"):
        model_file.check(parts.write(tmp_path / "model.keras"), registered=())


def test_a_config_nested_without_end_is_damaged(parts, tmp_path):
    for _ in range(101):
        parts.config = {"class_name": "Functional", "module": "keras", "config": parts.config}
    with pytest.raises(DataError, match="nested too deeply"):
        model_file.check(parts.write(tmp_path / "model.keras"), registered=())


def test_a_config_that_fits_no_layer_is_bad_data(load, parts, tmp_path):
    parts.dense["config"]["units"] = "many"
    with pytest.raises(DataError, match="cannot be loaded"):
        load(parts.write(tmp_path / "model.keras"))


def test_code_that_was_registered_on_request_may_be_part_of_a_model(load, parts, tmp_path):
    import keras

    @keras.saving.register_keras_serializable(package="ours", name="Dense")
    class Dense(keras.layers.Dense):
        def call(self, inputs):
            return 2 * super().call(inputs)

    parts.dense.update(module="somewhere", class_name="Dense", registered_name="ours>Dense")
    path = parts.write(tmp_path / "model.keras")
    with pytest.raises(Refused, match=r"somewhere\.Dense"):
        model_file.check(path, registered=())
    model = load(path)
    assert np.asarray(model(np.array([[1, 2, 3, 4]], np.float32))).tolist() == [[2, 4]]


def test_every_layer_of_keras_was_looked_at():
    import keras
    from keras.src.api_export import get_name_from_symbol

    classes = [each for each in vars(keras.layers).values() if inspect.isclass(each)]
    layers = {get_name_from_symbol(each).rpartition(".")[2] for each in classes}
    known = {name for name in layers if model_classes.is_known_class("keras.layers", name)}
    assert known | model_classes.REFUSED_LAYERS == layers
    assert not known & model_classes.REFUSED_LAYERS
    assert {"Dense", "Conv2D", "BatchNormalization", "Dropout"} <= known


def test_every_activation_on_the_list_is_one():
    import keras

    assert all(callable(getattr(keras.activations, name)) for name in model_classes.ACTIVATIONS)


def test_an_operation_that_takes_code_is_not_known():
    from keras.src.ops import core, image, linalg, math, nn, numpy

    taking_code = {
        f"{module.__name__}.{name}"
        for module in (core, image, linalg, math, nn, numpy)
        for name, each in vars(module).items()
        if inspect.isclass(each)
        and model_classes.is_known_class(module.__name__, name)
        and {"f", "fn", "fun", "body", "cond"} & set(inspect.signature(each).parameters)
    }
    assert taking_code == set()


def test_a_name_from_the_file_is_cut_short_in_the_message(parts, tmp_path):
    parts.dense.update(module="evil", class_name="x" * 1000)
    with pytest.raises(Refused) as refusal:
        model_file.check(parts.write(tmp_path / "model.keras"), registered=())
    assert len(str(refusal.value)) < 400 + len(str(tmp_path))
