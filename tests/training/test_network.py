"""What a network is made of; normalisation is part of it and fitted on the training rows alone."""

from types import ModuleType

import keras
import numpy as np
import pytest
from small_models import SMALL, classification
from two_numbers import TwoNumbers

from fmtool import registry, validate
from fmtool.compat import models as earlier
from fmtool.compat import private_keras
from fmtool.config.compose import compose
from fmtool.data.splitting.splits import Split, Splits
from fmtool.elements import Pixels, Tokens
from fmtool.errors import UsageError
from fmtool.models.base import ModelConfig
from fmtool.safety import model_file
from fmtool.targets import Label, Numbers
from fmtool.training import network
from fmtool.training.network import normalization

IMAGES = np.random.default_rng(0).integers(0, 256, (5000, 3, 4, 2), dtype=np.uint8)
IMAGES[..., 1] //= 3
ELEMENT = Pixels(IMAGES.shape[1:])


def splits(images=IMAGES, pixel_max=255):
    labels = np.zeros(len(images), np.int32)
    element = Pixels(images.shape[1:], pixel_max)
    return Splits(
        "x", Split(images, labels), Split(images, labels), Label(("a", "b")), "0", element
    )


def test_standardize_equals_numpy_on_the_rows_of_training():
    rows = np.arange(0, 5000, 3, dtype=np.int32)
    scale, offset = normalization("standardize", splits(), rows)
    chosen = IMAGES[rows].astype(np.float64)
    mean, deviation = chosen.mean(axis=(0, 1, 2)), chosen.std(axis=(0, 1, 2))
    np.testing.assert_allclose(scale, 1 / deviation, rtol=1e-12)
    np.testing.assert_allclose(offset, -mean / deviation, rtol=1e-12)


def test_the_order_of_the_rows_changes_no_bit():
    rows = np.arange(5000, dtype=np.int32)
    shuffled = np.random.default_rng(1).permutation(rows)
    assert normalization("standardize", splits(), rows) == normalization(
        "standardize", splits(), shuffled
    )


def test_a_constant_channel_is_only_shifted():
    images = np.full((10, 2, 2, 1), 7, np.uint8)
    scale, offset = normalization("standardize", splits(images), np.arange(10, dtype=np.int32))
    assert (scale, offset) == ([1.0], [-7.0])


@pytest.mark.parametrize(
    ("kind", "pixel_max", "expected"),
    [("none", 255, ([1.0, 1.0], [0.0, 0.0])), ("unit", 16, ([1 / 16] * 2, [0.0, 0.0]))],
)
def test_unit_and_none_look_at_no_pixel(kind, pixel_max, expected):
    nothing = np.array([], dtype=np.int32)
    assert normalization(kind, splits(pixel_max=pixel_max), nothing) == expected


ROWS = np.arange(100, dtype=np.int32)
SCALING = np.array([0.5, 1], np.float32), np.array([0, -1], np.float32)


def config(name, **keys):
    return validate.option("model", compose("train", [f"model={name}"])["model"] | keys)


def joined(cfg, task=None):
    private_keras.name_afresh()
    whole = splits(IMAGES[:100].repeat(4, axis=1).repeat(3, axis=2))
    return network.build(cfg, whole, ROWS, SCALING, task or classification(2), needs="vector")


def test_a_network_is_normalisation_backbone_and_head():
    whole = joined(config("cnn", **SMALL["cnn"]))
    assert [each.name for each in whole.layers] == ["pixels", "normalization", "backbone", "head"]
    normalise, backbone, head = whole.layers[1:]
    pixels = IMAGES[:3].repeat(4, axis=1).repeat(3, axis=2)
    normalised = normalise(pixels)
    expected = pixels * SCALING[0] + SCALING[1]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(normalised), expected)
    ours, theirs = head(backbone(normalised)), whole(pixels)
    np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (ours, theirs)))


def test_its_variables_have_the_paths_of_their_layers_in_the_order_of_the_layers():
    whole = joined(config("cnn", **SMALL["cnn"], normalization="batch"))
    assert [each.path for each in whole.trainable_variables] == [
        "conv2d/kernel", "conv2d/bias", "batch_normalization/gamma", "batch_normalization/beta",
        "dense/kernel", "dense/bias", "logits/kernel", "logits/bias",
    ]  # fmt: skip


def test_tokens_are_not_normalised(tmp_path):
    tokens = np.ones((100, 4), np.int32)
    split = Split(tokens, np.zeros(100, np.int32))
    whole = Splits("x", split, split, Label(("a", "b")), "0", Tokens((4,), vocabulary=5))
    made = network.build(
        config("bag"), whole, ROWS, ([1.0], [0.0]), classification(2), needs="vector"
    )
    assert [each.name for each in made.layers] == ["tokens", "backbone", "head"]
    made.save(tmp_path / "model.keras")
    assert model_file.check(tmp_path / "model.keras", registered=()).is_plain_keras


class EarlierConfig(ModelConfig):
    name: str


def earlier_build(cfg, image, num_classes):
    inputs = keras.Input(image.shape)
    x = keras.layers.Dense(num_classes, name="own")(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, x, name="their_name")


@pytest.fixture
def earlier_model(monkeypatch):
    module = ModuleType("earlier")
    vars(module).update(__file__="earlier.py", build=earlier_build, Config=EarlierConfig)
    monkeypatch.setitem(registry._plugins, ("model", "earlier"), module)
    earlier._tell.cache_clear()
    return EarlierConfig(name="earlier", summary=False)


def test_a_model_that_is_given_the_number_of_classes_ends_in_its_own_logits(earlier_model, capfd):
    whole = joined(earlier_model)
    assert [each.name for each in whole.layers] == ["pixels", "normalization", "their_name"]
    assert whole.output_shape == (None, 2)
    joined(earlier_model)
    notes = [line for line in capfd.readouterr().err.splitlines() if "model=earlier" in line]
    assert len(notes) == 1
    assert (
        "the new form is build(cfg, element, wanted), without the layer of the logits" in notes[0]
    )


def test_it_serves_classification_alone(earlier_model):
    with pytest.raises(
        UsageError, match="model=earlier gives a logit for each class, which 2 numbers are"
    ):
        joined(earlier_model, task=TwoNumbers(Numbers(("a", "b"), (2,))))


class InUnits(TwoNumbers):
    def present(self, outputs):
        factors, summands = np.float32([[10, 1], [100, -1]])
        return keras.ops.add(keras.ops.multiply(outputs, factors), summands)


def test_what_is_saved_gives_outputs_as_the_task_presents_them(tmp_path):
    task = InUnits(Numbers(("a", "b"), (2,)))
    learned = joined(config("mlp"), task=task)
    saved = network.presented(learned, task, ELEMENT)
    assert [each.path for each in saved.weights] == [each.path for each in learned.weights]
    learned.layers[-1].weights[-1].assign([1.0, 2.0])
    images = np.ones((2, *learned.input_shape[1:]), np.uint8)
    found, outputs = (keras.ops.convert_to_numpy(each(images)) for each in (saved, learned))
    np.testing.assert_allclose(found, outputs * [10, 1] + [100, -1], rtol=1e-6)
    path = tmp_path / "model.keras"
    saved.save(path)
    assert model_file.check(path, registered=()).is_plain_keras
    np.testing.assert_array_equal(keras.saving.load_model(path, compile=False)(images), found)


def test_a_network_whose_outputs_need_no_presentation_is_what_is_saved():
    task = TwoNumbers(Numbers(("a", "b"), (2,)))
    learned = joined(config("mlp"), task=task)
    assert network.presented(learned, task, ELEMENT) is learned


def test_what_hands_the_number_of_classes_on_to_a_model_that_has_no_logits_is_refused(
    earlier_model, monkeypatch
):
    def without_logits(cfg, image, num_classes):
        inputs = keras.Input(image.shape)
        return keras.Model(inputs, keras.layers.Flatten()(inputs))

    monkeypatch.setattr(registry._plugins["model", "earlier"], "build", without_logits)
    with pytest.raises(UsageError, match=r"gives outputs of shape \(\d+,\), not the logits of 2 "):
        joined(earlier_model)
