"""Models of tokens, series and the parts of images: their weights, and what padding does not do."""

import keras
import numpy as np
import pytest
from small_models import classifier

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.elements import Features, Pixels, Tokens
from fmtool.errors import UsageError
from fmtool.evaluation.measure import load_model

VOCABULARY, LENGTH = 30, 9
TEXT = Tokens((LENGTH,), VOCABULARY)
SERIES = Features((12, 3))

SMALL = {
    "bag": {"embedding_dim": 6, "units": [5], "word_dropout": 0.2},
    "rnn": {"embedding_dim": 6, "units": 5},
    "tcn": {"embedding_dim": 6, "filters": 5, "dilations": [1, 2]},
    "text_cnn": {"embedding_dim": 6, "filters": 5},
    "transformer": {"width": 8, "depth": 2, "heads": 2},
}
VARIANTS = [
    *SMALL.items(),
    ("rnn", {"cell": "gru", "units": 5, "bidirectional": True, "layers": 2}),
    ("rnn", {"cell": "simple", "units": 5, "bidirectional": True, "pooling": "attention"}),
    ("rnn", {"units": 5, "pooling": "mean", "dropout": 0.1}),
    ("tcn", {"filters": 5, "dilations": [1, 2], "pooling": "max", "normalization": "none"}),
    ("transformer", SMALL["transformer"] | {"positions": "sinusoidal", "pooling": "cls"}),
    ("transformer", SMALL["transformer"] | {"positions": "rotary", "pooling": "max"}),
    (
        "transformer",
        SMALL["transformer"] | {"positions": "rotary", "norm": "post", "attention_dropout": 0.2},
    ),
]


def config(name, **keys):
    return validate.option("model", compose("train", [f"model={name}"])["model"] | keys)


def build(name, element=TEXT, classes=3, **keys):
    return classifier(config(name, **keys), element, classes)


def array(tensor):
    return keras.ops.convert_to_numpy(keras.ops.cast(tensor, "float32"))


def texts():
    """Of 0, 1, 2, ... tokens, the last without padding."""
    tokens = np.random.default_rng(0).integers(1, VOCABULARY, (LENGTH + 1, LENGTH), dtype=np.int32)
    return np.where(np.arange(LENGTH) < np.arange(LENGTH + 1)[:, None], tokens, 0)


def step(model, samples, classes=3):
    """One update on a batch; gives the loss."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, run_eagerly=True)
    return model.train_on_batch(samples, np.arange(len(samples)) % classes)


def recurrent(cell, units, inputs):
    """Weights of a layer: gates times inputs, state and biases; Keras' GRU has two of these."""
    gates, biases = {"simple": (1, 1), "lstm": (4, 1), "gru": (3, 2)}[cell]
    return gates * units * (inputs + units + biases)


@pytest.mark.parametrize("cell", ["simple", "lstm", "gru"])
def test_the_weights_of_a_recurrent_network_are_those_of_its_gates(cell):
    model = build("rnn", SERIES, cell=cell, units=5, layers=2)
    expected = recurrent(cell, 5, 3) + recurrent(cell, 5, 5) + 5 * 3 + 3
    assert model.count_params() == expected


def test_a_second_direction_has_weights_of_its_own_and_doubles_what_follows():
    model = build("rnn", SERIES, units=5, layers=2, bidirectional=True)
    expected = 2 * recurrent("lstm", 5, 3) + 2 * recurrent("lstm", 5, 10) + 10 * 3 + 3
    assert model.count_params() == expected


def test_the_weights_of_the_text_cnn_are_those_of_the_paper():
    # Kim 2014: 100 filters each of 3, 4 and 5 words of 300 numbers
    model = build("text_cnn", embedding_dim=300, classes=2)
    expected = 300 * VOCABULARY + (3 + 4 + 5) * 300 * 100 + 3 * 100 + 300 * 2 + 2
    assert model.count_params() == expected


def test_the_weights_of_the_tcn_for_sequential_mnist_are_those_of_the_paper():
    # Bai et al. 2018: 25 filters of 7 in 8 blocks, 70 thousand; weight normalization would add
    # a number for each of the 16 * 25 filters
    keys = {"filters": 25, "kernel_size": 7, "dilations": [2**n for n in range(8)]}
    model = build("tcn", Features((784, 1)), 10, normalization="none", **keys)
    first = (7 * 25 + 25) + (7 * 25 * 25 + 25) + (25 + 25)
    assert model.count_params() == first + 7 * 2 * (7 * 25 * 25 + 25) + 250 + 10 == 66_510


def test_the_weights_of_fast_text_are_an_embedding_and_a_linear_layer():
    assert build("bag", embedding_dim=10).count_params() == 10 * VOCABULARY + 10 * 3 + 3


@pytest.mark.slow
def test_a_transformer_like_bert_base_has_as_many_weights():
    keys = {"width": 768, "depth": 12, "heads": 12, "norm": "post", "pooling": "mean"}
    model = build("transformer", Tokens((512,), 30_522), 2, **keys)
    # Devlin et al. 2019 as published, with two segments, a normalization of the embedding and a
    # dense layer before the output
    others = 2 * 768 + 2 * 768 + (768 * 768 + 768)
    assert model.count_params() - (768 * 2 + 2) == 109_482_240 - others


def test_rotary_attention_has_the_weights_of_any_other_and_no_table_of_positions():
    keys = SMALL["transformer"]
    learned, turned = (
        build("transformer", positions=kind, **keys) for kind in ("learned", "rotary")
    )
    assert learned.count_params() - turned.count_params() == LENGTH * keys["width"]


@pytest.mark.parametrize(("name", "keys"), VARIANTS)
def test_more_padding_changes_no_logit(name, keys):
    model = build(name, **keys)
    longer = build(name, Tokens((LENGTH + 7,), VOCABULARY), **keys)
    for ours, theirs in zip(model.weights, longer.weights, strict=True):
        # The one that differs is the table of learned positions.
        values = array(theirs).copy()
        values[: ours.shape[0]] = array(ours)
        theirs.assign(values)
    padded = np.pad(texts(), [(0, 0), (0, 7)])
    np.testing.assert_allclose(array(longer(padded)), array(model(texts())), atol=2e-5)


@pytest.mark.parametrize("name", SMALL)
def test_the_vector_of_padding_is_seen_only_where_a_text_has_no_token(name):
    model = build(name, **SMALL[name])
    before = array(model(texts()))
    embedding = next(each for each in model.layers if isinstance(each, keras.layers.Embedding))
    vectors = array(embedding.embeddings).copy()
    vectors[0] = np.arange(vectors.shape[1])
    embedding.embeddings.assign(vectors)
    after = array(model(texts()))
    assert not np.allclose(after[0], before[0], atol=1e-3)
    np.testing.assert_allclose(after[1:], before[1:], atol=2e-5)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize(
    "policy",
    # test_conf_trains.py has a step of each in float32.
    [pytest.param("float32", marks=pytest.mark.slow), "mixed_bfloat16"],
)
def test_a_step_changes_weights_and_the_saved_model_gives_the_same_logits(name, policy, tmp_path):
    keras.config.set_dtype_policy(policy)
    try:
        model = build(name, **SMALL[name])
    finally:
        keras.config.set_dtype_policy("float32")
    before = [np.array(weight) for weight in model.get_weights()]
    assert np.isfinite(step(model, texts()))
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    # All but the biases of keys, which every score has alike.
    assert changed.count(False) <= 2
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    logits = model(texts(), training=False)
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    np.testing.assert_array_equal(array(again(texts(), training=False)), array(logits))


@pytest.mark.parametrize("positions", ["learned", "rotary"])
def test_a_transformer_of_every_key_loads_as_it_was_saved(positions, tmp_path):
    rates = {"dropout": 0.1, "attention_dropout": 0.1, "stochastic_depth": 0.1}
    keys = SMALL["transformer"] | rates | {"positions": positions, "pooling": "cls"}
    model = build("transformer", Pixels((12, 9, 2)), steps="patches", patch_size=4, **keys)
    model.save(tmp_path / "model.keras")
    images = np.random.default_rng(0).random((2, 12, 9, 2), dtype=np.float32)
    again = load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(array(again(images)), array(model(images)))


@pytest.mark.parametrize("name", ["rnn", "tcn", "text_cnn", "transformer"])
def test_a_series_is_read_as_it_is(name):
    assert build(name, SERIES, **SMALL[name]).output_shape == (None, 3)


def test_both_directions_end_where_those_of_keras_do_with_a_mask():
    model = build("rnn", units=5, bidirectional=True)
    (embedding,) = (each for each in model.layers if isinstance(each, keras.layers.Embedding))
    lstms = [each for each in model.layers if isinstance(each, keras.layers.RNN)]
    forward, backward = sorted(lstms, key=lambda each: each.input is not embedding.output)
    x, both = embedding.output, keras.layers.Bidirectional(keras.layers.LSTM(5))
    y = both(x, mask=keras.ops.not_equal(model.input, 0))
    both.set_weights(forward.get_weights() + backward.get_weights())
    reference = keras.Model(model.input, model.get_layer("logits")(y))
    not_empty = texts()[1:]
    np.testing.assert_allclose(array(model(not_empty)), array(reference(not_empty)), atol=1e-6)


VECTORS = np.random.default_rng(0).normal(size=(VOCABULARY, 4)).astype(np.float32)
WITH_VECTORS = Tokens((LENGTH,), VOCABULARY, vectors=VECTORS)


@pytest.mark.parametrize("name", SMALL)
def test_the_embedding_begins_with_the_vectors_of_the_data(name):
    model = build(name, WITH_VECTORS, **SMALL[name] | {"embedding_dim": None})
    np.testing.assert_array_equal(model.get_weights()[0], VECTORS)


@pytest.mark.parametrize(("is_trained", "stays"), [(True, False), (False, True)])
def test_vectors_that_are_not_trained_stay_as_they_are(is_trained, stays):
    model = build("bag", WITH_VECTORS, train_embedding=is_trained)
    step(model, texts())
    assert np.array_equal(model.get_weights()[0], VECTORS) is stays


@pytest.mark.parametrize(
    ("name", "element", "keys", "message"),
    [
        ("rnn", WITH_VECTORS, {"embedding_dim": 5}, "but the data's vectors have 4 numbers"),
        ("bag", TEXT, {"train_embedding": False}, "train_embedding=false keeps an embedding that"),
        ("tcn", Features((7,)), {}, r"model=tcn reads series of shape \(steps, channels\), not"),
        ("rnn", Pixels((8, 8, 1)), {"steps": "patches", "patch_size": 9}, "model.patch_size=9 is"),
        ("transformer", TEXT, {"heads": 3}, "model: width=128 is no multiple of heads=3"),
        ("transformer", TEXT, {"width": 12, "positions": "rotary"}, "turns pairs of channels"),
    ],
)
def test_what_does_not_fit_is_a_mistake_of_the_user(name, element, keys, message):
    with pytest.raises(UsageError, match=message):
        build(name, element, **keys)


@pytest.mark.skipif(keras.backend.backend() != "torch", reason="steps are recorded on torch alone")
@pytest.mark.parametrize("name", SMALL)
def test_a_step_is_recorded(name):
    from fmtool.training.step.torch_recording import record

    loop, quiet = {"cell": "simple"}, {"word_dropout": 0.0}
    keys = SMALL[name] | {"rnn": loop, "bag": quiet}.get(name, {}) | {"dropout": 0.0}
    model, samples = build(name, **keys), texts()
    step(model, samples)
    batch = [keras.ops.convert_to_tensor(each) for each in (samples, samples[:, 0] % 3)]
    variables = [*model.variables, *model.optimizer.variables, *model.metrics_variables]
    assert record(model.train_step, [each.value for each in variables], batch) is not None


def test_an_lstm_trains_on_the_rows_of_digits(fmtool):
    argv = ("train", "model=rnn", "model.units=32", "data=digits", "epochs=3", "logging=quiet")
    outcome = fmtool(*argv, "optimizer.learning_rate=0.01", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["metrics"]["accuracy"] > 0.5
