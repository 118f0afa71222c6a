"""Moving statistics without what is left of the values that they began with."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from freed_statistics import saved_and_expected
from small_models import SMALL, classifier

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.elements import Pixels
from fmtool.training import foresight
from fmtool.training.batch_statistics import BatchStatistics
from fmtool.training.lookahead import Lookahead

MOMENTUM = 0.9


def normalized(*layers):
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.Sequential(layers)(inputs))


def batches(count):
    rng = np.random.default_rng(0)
    return [rng.normal(4, 2, (16, 3)).astype(np.float32) for _ in range(count)]


def array(variable):
    return np.array(keras.ops.convert_to_numpy(variable.value))


@pytest.mark.parametrize("steps", [1, 2, 30])
def test_what_is_left_is_the_weighted_average_of_the_batches(steps):
    layer = keras.layers.BatchNormalization(momentum=MOMENTUM)
    network = normalized(layer)
    statistics = BatchStatistics(network)
    seen = batches(steps)
    for x in seen:
        network(x, training=True)
    statistics.free(steps)
    weights = MOMENTUM ** np.arange(steps - 1, -1, -1)
    for variable, of_batch in (
        (layer.moving_mean, np.mean),
        (layer.moving_variance, np.var),
    ):
        values = [of_batch(x.astype(np.float64), axis=0) for x in seen]
        expected = np.average(values, axis=0, weights=weights)
        np.testing.assert_allclose(array(variable), expected, rtol=2e-5)


def test_nothing_changes_after_so_many_steps_that_nothing_is_left():
    layer = keras.layers.BatchNormalization(momentum=MOMENTUM)
    statistics = BatchStatistics(normalized(layer))
    layer.moving_variance.assign([0.1, 1e-6, 3.0])
    before = array(layer.moving_variance)
    statistics.free(1000)
    assert array(layer.moving_variance).tobytes() == before.tobytes()


def test_a_channel_that_never_varied_has_no_variance_below_zero():
    layer = keras.layers.BatchNormalization()
    network = normalized(layer)
    statistics = BatchStatistics(network)
    for _ in range(48):
        network(np.ones((4, 3), np.float32), training=True)
    statistics.free(48)
    assert (array(layer.moving_variance) >= 0).all()
    np.testing.assert_allclose(array(layer.moving_variance), 0, atol=1e-5)


def test_before_the_first_step_nothing_is_freed():
    layer = keras.layers.BatchNormalization()
    BatchStatistics(normalized(layer)).free(0)
    assert array(layer.moving_variance).tolist() == [1, 1, 1]


def test_each_update_of_a_step_counts_and_frozen_or_pretrained_layers_are_left_out():
    shared, frozen, pretrained, inner = (
        keras.layers.BatchNormalization(momentum=MOMENTUM, trainable=kind != "frozen", name=kind)
        for kind in ("shared", "frozen", "pretrained", "inner")
    )
    nested = normalized(inner)
    inputs = keras.Input((3,))
    x = keras.layers.Dropout(0.5)(shared(keras.layers.Dense(3)(shared(inputs))))
    network = keras.Model(inputs, pretrained(nested(frozen(x))))
    pretrained.moving_mean.assign([0.5, 0.0, 0.0])
    statistics = BatchStatistics(network)
    known = [shared.moving_mean, shared.moving_variance, inner.moving_mean, inner.moving_variance]
    assert [id(each) for each in statistics.variables()] == [id(each) for each in known]
    before = array(shared.moving_mean), array(inner.moving_mean)
    for layer in (shared, inner, pretrained, frozen):
        layer.moving_mean.assign([1.0, 1.0, 1.0])
    assert not np.any(before), "to trace a step changes nothing"
    statistics.free(3)
    np.testing.assert_allclose(array(shared.moving_mean), 1 / (1 - MOMENTUM**6), rtol=1e-6)
    np.testing.assert_allclose(array(inner.moving_mean), 1 / (1 - MOMENTUM**3), rtol=1e-6)
    assert array(pretrained.moving_mean).tolist() == array(frozen.moving_mean).tolist() == [1] * 3


@pytest.mark.parametrize("growth", [0.0, 2.0])
@pytest.mark.parametrize("steps", [1, 6, 7])
def test_with_slow_weights_the_share_is_what_they_keep_of_the_start(growth, steps):
    start = keras.Variable([1.0])
    weights = [start, keras.Variable([0.0])]
    lookahead = Lookahead(weights, steps=3, alpha=0.4, growth=growth, total_steps=10)
    for step in range(1, steps + 1):
        start.assign(start.value * MOMENTUM)
        lookahead.update(keras.ops.convert_to_tensor(step))
    share = lookahead.share_of_start(MOMENTUM, steps)
    assert share == pytest.approx(float(array(lookahead.slow)[0]), rel=1e-5)


WITH_KEY = ("cnn", "convmixer", "densenet", "inception", "mlp", "resnet", "vgg")


@pytest.mark.parametrize("name", WITH_KEY)
def test_the_momentum_reaches_every_batch_normalization_of_a_model(name):
    keys = {"batchnorm_momentum": 0.75, **SMALL[name]}
    words = [f"model.{key}={value}" for key, value in keys.items()]
    if name in ("cnn", "mlp"):
        words.append("model.normalization=batch")
    cfg = validate.train_config(compose("train", [f"model={name}", *words])).model
    network = classifier(cfg, Pixels((32, 32, 3)), 4)
    found = {
        layer.momentum
        for layer in network._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    }
    assert found == {0.75}


@pytest.mark.parametrize(
    ("epochs", "momentum", "said"),
    [(3, 0.99, True), (3, 0.5, False), (100, 0.99, False)],
)
def test_few_steps_for_the_statistics_are_said_with_a_momentum_that_fits(
    epochs, momentum, said, capsys
):
    layer = keras.layers.BatchNormalization(momentum=momentum)
    model = SimpleNamespace(batchnorm_momentum=momentum)
    foresight.warn_of_few_steps(
        SimpleNamespace(
            plan=SimpleNamespace(steps=4),
            cfg=SimpleNamespace(epochs=epochs, model=model),
            final=SimpleNamespace(statistics=BatchStatistics(normalized(layer))),
        )
    )
    err = capsys.readouterr().err
    assert ("over all 12 steps" in err) == said
    assert ("fix: model.batchnorm_momentum=0.68 or more epochs" in err) == said


@pytest.mark.parametrize(
    ("momentum", "words"),
    [
        (0.99, ("model=cnn", "model.filters=[4]", "model.dense_units=[]")),
        (0.9, ("model=mlp", "model.units=[8]", "model.batchnorm_momentum=0.9")),
    ],
)
def test_a_short_training_validates_and_saves_the_freed_ones(fmtool, momentum, words):
    """On TensorFlow; tests/reliability/test_resume.py has one on torch."""
    argv = (*words, "model.normalization=batch", "data=digits", "data.limit=300", "epochs=2",
            "batch_size=90", "optimizer.learning_rate=1e-2", "logging=quiet", "--json")  # fmt: skip
    trained = fmtool("train", *argv)
    assert trained.code == 0, trained.err
    (run,) = fmtool.runs
    for found, expected in saved_and_expected(run, momentum=momentum):
        # TensorFlow has float32 until the end.
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    measured = fmtool("evaluate", "run=last", "split=validation", "--json")
    assert measured.code == 0, measured.err
    step = json.loads((run / "result.json").read_text())["best"]["step"]
    rows = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    (row,) = (each for each in rows if each["kind"] == "epoch" and each["step"] == step)
    assert measured.json["loss"] == pytest.approx(row["val_loss"], rel=1e-4)
