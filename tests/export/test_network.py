"""The network as it is exported: in float32 whatever it was trained in."""

import keras
import numpy as np
import pytest
from label_outputs import metadata

from fmtool.elements import Tokens
from fmtool.errors import UsageError
from fmtool.export import network, serving
from fmtool.export.metadata import Input


@pytest.fixture
def in_bfloat16():
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy("float32")


def recurrent():
    samples = keras.Input((6,), dtype="int32", name="tokens")
    x = keras.layers.Embedding(10, 4)(samples)
    x = keras.ops.cast(x * 2, x.dtype)
    x = keras.layers.LSTM(3)(x)
    core = keras.Model(samples, keras.layers.Dense(2, dtype="float32")(x), name="core")
    outer = keras.Input((6,), dtype="int32", name="tokens")
    return keras.Model(outer, core(outer), name="both")


def test_a_network_trained_in_bfloat16_computes_in_float32_with_its_own_weights(
    tmp_path, in_bfloat16
):
    trained = recurrent()
    trained.save(tmp_path / "model.keras")
    loaded = network.load(tmp_path / "model.keras")
    assert {layer.compute_dtype for layer in loaded.layers[-1].layers[1:]} == {"float32"}
    assert "bfloat16" not in str(loaded.get_config())
    for ours, theirs in zip(loaded.weights, trained.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_unrolled_it_gives_the_same(tmp_path):
    trained = recurrent()
    trained.save(tmp_path / "model.keras")
    loaded = network.load(tmp_path / "model.keras", unrolls=True)
    assert loaded.layers[-1].layers[2].unroll
    tokens = np.arange(12).reshape(2, 6) % 10
    np.testing.assert_allclose(loaded(tokens), trained(tokens), atol=1e-6)


def test_label_probabilities_and_embedding_belong_to_the_logits():
    trained = recurrent()
    element = Tokens((6,), vocabulary=10)
    reads = Input("tokens", "text", element.dtype, element.shape, None, None)
    names = ("probabilities", "logits", "label", "embedding")
    served = serving.build(trained, metadata(names, trained.output_shape[-1], reads))
    tokens = np.random.default_rng(0).integers(0, 10, (5, 6), np.int32)
    found = {name: np.asarray(value) for name, value in served(tokens).items()}
    logits = np.asarray(trained(tokens))
    np.testing.assert_allclose(found["logits"], logits, atol=1e-6)
    np.testing.assert_allclose(found["probabilities"], keras.ops.softmax(logits), atol=1e-6)
    assert found["label"].tolist() == logits.argmax(axis=1).tolist()
    dense = trained.layers[-1].layers[-1]
    np.testing.assert_allclose(found["embedding"] @ dense.kernel + dense.bias, logits, atol=1e-6)


def of_parts(layer, rows=4):
    """A network as runs save it: normalisation, backbone and head by their names."""

    def part(x, name, *layers):
        inputs = y = keras.Input(x.shape[1:])
        for each in layers:
            y = each(y)
        return keras.Model(inputs, y, name=name)(x)

    samples = keras.Input((rows, 3), name="features")
    x = part(samples, "normalization", keras.layers.Activation("linear"))
    x = part(x, "backbone", layer)
    # With a last layer that reads something else than the backbone gives.
    return keras.Model(samples, part(x, "head", keras.layers.Dense(5), keras.layers.Dense(2)))


def test_the_embedding_is_what_the_backbone_gives():
    trained = of_parts(keras.layers.Flatten())
    rows = np.random.default_rng(0).normal(size=(6, 4, 3)).astype(np.float32)
    reads = Input("features", "features", "float32", (4, 3), None, None)
    served = serving.build(trained, metadata(("logits", "embedding"), 2, reads))(rows)
    np.testing.assert_array_equal(served["embedding"], rows.reshape(6, 12))
    np.testing.assert_allclose(served["logits"], trained(rows), atol=1e-6)
    np.testing.assert_array_equal(serving.embedding(trained)(rows), rows.reshape(6, 12))


def test_what_is_not_a_vector_is_not_an_embedding():
    with pytest.raises(UsageError) as error:
        serving.embedding(of_parts(keras.layers.Dense(7)))
    assert str(error.value) == (
        "include=embedding: the backbone gives 4x7 numbers for a sample, not a vector; "
        "fix: leave embedding out of include="
    )


def test_of_equal_logits_the_label_is_the_first():
    samples = keras.Input((3,), name="features")
    tied = keras.Model(samples, keras.layers.Activation("linear")(samples))
    reads = Input("features", "features", "float32", (3,), None, None)
    served = serving.build(tied, metadata(("logits", "label"), 3, reads))
    rows = np.array([[1, 2, 2], [0, -0.0, 0], [3, 1, 3]], np.float32)
    assert np.asarray(served(rows)["label"]).tolist() == [1, 0, 0]


def test_images_of_another_size_are_resized_and_those_of_the_trained_size_left_alone():
    pixels = keras.Input((4, 4, 1), dtype="uint8", name="pixels")
    flat = keras.layers.Flatten()(keras.ops.cast(pixels, "float32"))
    trained = keras.Model(pixels, flat)
    reads = Input("pixels", "image", "uint8", (None, None, 1), None, 255)
    served = serving.build(trained, metadata(("logits", "label"), 16, reads))
    picture = np.random.default_rng(0).integers(0, 256, (1, 4, 4, 1), np.uint8)
    np.testing.assert_array_equal(served(picture)["logits"], picture.reshape(1, 16))
    uniform = np.full((2, 9, 6, 1), 77, np.uint8)
    np.testing.assert_array_equal(served(uniform)["logits"], np.full((2, 16), 77))
