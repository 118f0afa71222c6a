"""The layers that models of sequences are made of, against what NumPy and Keras compute."""

import keras
import numpy as np
import pytest

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.elements import Pixels
from fmtool.models.layers import pooling, positions, rotary, timesteps
from fmtool.models.layers.attention import Encoder
from fmtool.models.layers.keys import EncoderConfig


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


MASKED = np.arange(4) < np.array([1, 2, 4])[:, None]


def masked_steps():
    """Of 1, 2 and 4 steps; what stands behind would be seen in every kind of pooling."""
    x = np.random.default_rng(0).normal(size=(3, 4, 2)).astype(np.float32) - 3
    return np.where(MASKED[..., None], x, np.float32(9))


def wide_steps():
    return np.random.default_rng(1).normal(size=(3, 4, 6)).astype(np.float32)


def pooled(kind, mask=MASKED):
    x = keras.Input((4, 2))
    model = keras.Model(x, pooling.pool(x, mask, kind))
    return model, array(model(masked_steps()))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("last", lambda real: real[-1]),
        ("mean", lambda real: real.mean(axis=0)),
        ("max", lambda real: real.max(axis=0)),
    ],
)
@pytest.mark.parametrize("mask", [MASKED, None], ids=["texts", "images"])
def test_pooling_sees_the_steps_that_count(kind, expected, mask):
    counts = [1, 2, 4] if mask is not None else [4, 4, 4]
    real = [sample[:count] for sample, count in zip(masked_steps(), counts, strict=True)]
    _, found = pooled(kind, mask)
    np.testing.assert_allclose(found, [expected(each) for each in real], rtol=1e-6)


def test_attention_pools_by_a_softmax_over_the_steps_that_count():
    model, found = pooled("attention")
    kernel, bias = model.get_weights()
    scores = np.exp(masked_steps() @ kernel + bias) * MASKED[..., None]
    weights = scores / scores.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found, (weights * masked_steps()).sum(axis=1), rtol=1e-5)


def test_the_steps_that_count_are_reversed_in_place():
    found = array(timesteps.reverse(masked_steps(), MASKED))
    for sample, reversed_sample, count in zip(masked_steps(), found, [1, 2, 4], strict=True):
        np.testing.assert_array_equal(reversed_sample[:count], sample[:count][::-1])


def test_waves_are_those_of_the_paper():
    x = np.zeros((2, 7, 5), np.float32)
    sines, cosines = (array(wave) for wave in positions.waves(keras.ops.convert_to_tensor(x), 3))
    angles = np.arange(7)[:, None] / 10_000 ** (np.arange(3) / 3)
    np.testing.assert_allclose(sines[0], np.sin(angles), atol=1e-6)
    np.testing.assert_allclose(cosines[0], np.cos(angles), atol=1e-6)
    both = array(positions.add_sinusoidal_positions(keras.ops.convert_to_tensor(x)))
    np.testing.assert_allclose(both[1], np.hstack([sines[0], cosines[0]])[:, :5], atol=1e-6)


def test_rotary_scores_depend_on_the_distance_alone():
    query, key = np.random.default_rng(0).normal(size=(2, 4)).astype(np.float32)
    x = keras.ops.zeros((1, 6, 8))
    turn = rotary.RotaryEmbedding.of_positions(x, 4)
    queries, keys = (
        array(turn(keras.ops.convert_to_tensor(np.tile(each, (1, 6, 1, 1)))))[0, :, 0]
        for each in (query, key)
    )
    scores = queries @ keys.T
    np.testing.assert_allclose(scores[1:, 1:], scores[:-1, :-1], atol=1e-5)
    assert scores[0, 0] == pytest.approx(query @ key, rel=1e-5)
    assert not np.isclose(scores[0, 0], scores[0, 1])


def test_rotary_attention_without_turning_is_that_of_keras():
    x, mask = keras.Input((4, 6)), keras.Input((4,), dtype="bool")
    still = rotary.RotaryEmbedding(np.float32(0), np.float32(1))
    ours = keras.Model([x, mask], rotary.Attention(3, 0.0, still, mask)(x))
    layer = keras.layers.MultiHeadAttention(3, 2)
    theirs = keras.Model([x, mask], layer(x, x, attention_mask=mask[:, None]))
    rng = np.random.default_rng(0)
    kernels = [rng.normal(size=weight.shape) for weight in ours.get_weights()]
    ours.set_weights(kernels)
    # Keras builds queries, keys, values and output, in this order, as we do.
    shapes = [weight.shape for weight in theirs.get_weights()]
    theirs.set_weights([each.reshape(s) for each, s in zip(kernels, shapes, strict=True)])
    samples = [keras.ops.convert_to_tensor(each) for each in (wide_steps(), MASKED)]
    np.testing.assert_allclose(array(ours(samples)), array(theirs(samples)), rtol=1e-4, atol=1e-5)


def test_a_block_that_normalizes_last_ends_in_normalized_steps():
    keys = {"mlp_ratio": 2.0, "activation": "gelu", "dropout": 0.0, "attention_dropout": 0.0}
    keys["summary"] = False
    cfg = EncoderConfig(name="post", width=6, depth=1, heads=2, stochastic_depth=0.0, **keys)
    x = keras.Input((4, 6))
    model = keras.Model(x, Encoder(cfg, norm="post")(x))
    norms = [each for each in model.layers if isinstance(each, keras.layers.LayerNormalization)]
    assert len(norms) == 2
    assert model.layers[-1] is norms[-1]
    np.testing.assert_allclose(array(model(wide_steps())).mean(axis=-1), 0, atol=1e-5)


def test_an_image_is_read_by_rows_columns_or_patches():
    image = np.arange(2 * 3 * 5 * 2, dtype=np.float32).reshape(2, 3, 5, 2)

    def read(kind):
        keys = compose("train", ["model=rnn"])["model"] | {"steps": kind, "patch_size": 2}
        sample = timesteps.of_sample(validate.option("model", keys), Pixels((3, 5, 2)))
        return array(keras.Model(sample.inputs, sample.x)(image))

    np.testing.assert_array_equal(read("rows"), image.reshape(2, 3, 10))
    np.testing.assert_array_equal(read("columns"), image.swapaxes(1, 2).reshape(2, 5, 6))
    patches = [image[:, :2, left : left + 2].reshape(2, 8) for left in (0, 2)]
    np.testing.assert_array_equal(read("patches"), np.stack(patches, axis=1))
