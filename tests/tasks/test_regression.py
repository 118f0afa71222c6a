"""Numbers as they are learned, and as the saved model gives them."""

import json

import keras
import numpy as np
import pytest
from keras import ops
from scipy.special import huber
from sklearn.metrics import mean_pinball_loss

from fmtool.config.compose import compose
from fmtool.errors import DataError, UsageError
from fmtool.runs.layout import CALIBRATION, TARGETS
from fmtool.targets import Numbers
from fmtool.tasks import regression
from fmtool.tasks.shared.number_reporting import names_of
from fmtool.validate import option, train_config

RANDOM = np.random.default_rng(1)
TARGET = Numbers(("a", "b"), (2,))
Y = np.stack([RANDOM.gamma(2, 1, 30), 1000 + RANDOM.gamma(1, 5, 30)], axis=1)


def config(**keys):
    composed = compose("train", ["task=regression"])["task"]
    return option("task", composed | keys)


def task(y=Y, target=TARGET, **keys):
    return regression.build(config(**keys), target, y)


def array(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("transform", ["none", "standardize", "log", "log1p"])
def test_what_is_learned_is_presented_in_the_unit_of_the_data(transform):
    made = task(transform=transform)
    learned = made.encode(Y)
    assert (learned.dtype, learned.shape) == (np.float32, Y.shape)
    np.testing.assert_allclose(array(made.present(ops.convert_to_tensor(learned))), Y, rtol=1e-5)
    if transform != "none":
        np.testing.assert_allclose(learned.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(learned.std(axis=0), 1, rtol=1e-6)


def test_numbers_far_from_0_keep_their_differences_where_they_are_learned(capsys):
    y = 1.7e9 + RANDOM.normal(0, 40, (50, 1))
    made = task(y, Numbers(("time",), (1,)))
    learned = made.encode(y)
    np.testing.assert_allclose(learned, (y - y.mean()) / y.std(), atol=1e-5)
    assert "numbers of time deviate by 3" in capsys.readouterr().err
    # The error is measured without the offset, beside which float32 would lose it.
    (mae,) = made.metrics()
    mae.update_state(learned, learned + 0.5)
    assert float(mae.result()) == pytest.approx(0.5 * y.std(), rel=1e-5)


def test_counts_are_learned_by_their_rate():
    y = RANDOM.poisson(3, (40, 1)).astype(float)
    made = task(y, Numbers(("n",), (1,)), loss="poisson")
    learned = made.encode(y)
    np.testing.assert_allclose(learned, y / y.mean(), rtol=1e-6)
    outputs = RANDOM.normal(size=(40, 1)).astype(np.float32)
    np.testing.assert_allclose(array(made.present(outputs)), y.mean() * np.exp(outputs), rtol=1e-5)
    expected = np.exp(outputs) - learned * outputs
    np.testing.assert_allclose(array(made.loss(learned, outputs)), expected[:, 0], rtol=1e-5)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"loss": "mse"}, np.square),
        ({"loss": "mae"}, np.abs),
        ({"loss": "huber", "huber_delta": 0.7}, lambda gap: huber(0.7, gap)),
    ],
)
def test_losses_are_the_mean_over_the_numbers_of_a_sample(keys, expected):
    outputs = RANDOM.normal(size=Y.shape).astype(np.float32)
    made = task(**keys)
    learned = made.encode(Y)
    found = array(made.loss(learned, outputs))
    np.testing.assert_allclose(found, expected(outputs - learned).mean(axis=1), rtol=1e-5)


def test_the_loss_of_quantiles_is_scikit_learns_of_each():
    shares = [0.1, 0.5, 0.75]
    made = task(loss="quantile", quantiles=shares)
    learned = made.encode(Y)
    outputs = RANDOM.normal(size=(*Y.shape, 3)).astype(np.float32)
    expected = np.mean(
        [mean_pinball_loss(learned, outputs[..., i], alpha=each) for i, each in enumerate(shares)]
    )
    assert array(made.loss(learned, outputs)).mean() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("transform", ["none", "standardize", "log", "log1p"])
def test_quantiles_never_cross_whatever_the_weights(transform):
    shares = [0.01, 0.1, 0.5, 0.6, 0.99]
    made = task(loss="quantile", quantiles=shares, transform=transform)
    inputs = keras.Input((8,))
    outputs = made.head(inputs)
    assert outputs.shape == (None, 2, 5)
    network = keras.Model(inputs, made.present(outputs))
    for seed in range(3):
        random = np.random.default_rng(seed)
        network.set_weights([random.normal(0, 3, each.shape) for each in network.get_weights()])
        found = array(network(random.normal(0, 2, (2000, 8)).astype(np.float32)))
        found = found[np.isfinite(found).all(axis=(1, 2))]
        assert len(found) > 1000
        assert (np.diff(found, axis=-1) >= 0).all()


def test_numbers_of_several_axes_keep_their_shape():
    target = Numbers(("u", "v"), (3, 2))
    y = RANDOM.normal(size=(20, 3, 2))
    made = task(y, target)
    assert made.head(keras.Input((4,))).shape == (None, 3, 2)
    assert made.encode(y).shape == y.shape
    assert list(names_of(target)) == ["u 0", "v 0", "u 1", "v 1", "u 2", "v 2"]
    report = regression.reporting(config(), target, {})
    meter = report.meter()
    meter.add(y.astype(np.float32), y)
    assert len(meter.report().details["per_number"]) == 6


def test_a_constant_target_is_only_shifted():
    y = np.full((9, 1), 4.0)
    made = task(y, Numbers(("c",), (1,)))
    np.testing.assert_array_equal(made.encode(y), 0)


@pytest.mark.parametrize(
    ("keys", "y", "message"),
    [
        ({"transform": "log"}, [[2.0], [0.0]], "the target y=0 of row 1 has no logarithm"),
        ({"transform": "log1p"}, [[-2.0], [0.0]], "the target y=-2 of row 0 has no log1p"),
        ({"loss": "poisson"}, [[1.0], [-1.0]], "the target y=-1 of row 1 is no count"),
    ],
)
def test_numbers_that_cannot_be_learned_so_are_named(keys, y, message):
    with pytest.raises(DataError, match=message):
        task(np.array(y), Numbers(("y",), (1,)), **keys)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["task.loss=poisson", "task.transform=log"], "leave out task.transform="),
        (["task.quantiles=[0.1,0.9]"], "from low to high, 0.5 among them"),
        (["task.quantiles=[0.9,0.5]"], "from low to high, 0.5 among them"),
        (["task.interval=1"], "less than 1"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(words, message):
    with pytest.raises(UsageError) as error:
        train_config(compose("train", ["task=regression", "data=diabetes", "model=mlp", *words]))
    assert message in f"{error.value.message}; {error.value.fix}"


def test_a_logarithm_is_said_to_lead_to_medians(capsys):
    task(transform="log")
    assert "task.transform=log: what is predicted are medians, not means" in capsys.readouterr().err


def test_other_losses_have_other_names():
    names = {
        config(**keys).loss_name()
        for keys in ({}, {"loss": "mae"}, {"loss": "huber"}, {"loss": "huber", "huber_delta": 2.0},
                     {"transform": "log"}, {"loss": "quantile"},
                     {"loss": "quantile", "quantiles": [0.5]}, {"loss": "poisson"})
    }  # fmt: skip
    assert len(names) == 8
    assert config(transform="standardize").loss_name() == config().loss_name()


def test_what_was_fitted_is_kept_as_numbers_for_people():
    made = task()
    assert list(made.artifacts) == [TARGETS]
    kept = json.loads(made.artifacts[TARGETS])
    assert kept["transform"] == "standardize"
    np.testing.assert_allclose(kept["offset"], Y.mean(axis=0))


@pytest.mark.parametrize("loss", ["mse", "quantile"])
def test_an_answer_has_the_ends_that_the_exported_file_gives(loss):
    cfg = config(loss=loss)
    shape = (25, 2, 3) if loss == "quantile" else (25, 2)
    outputs = np.sort(RANDOM.normal(size=shape), axis=-1).astype(np.float32)
    text = regression.reporting(cfg, TARGET, {}).calibrate(outputs, Y[:25])
    kept = {CALIBRATION: text}
    serving = regression.serving(regression.about(cfg, kept), TARGET)
    reference = serving.reference(outputs)
    assert list(reference) == list(serving.outputs)
    served = {
        name: array(each) for name, each in serving.serve(ops.convert_to_tensor(outputs)).items()
    }
    for name, values in served.items():
        np.testing.assert_allclose(values, reference[name], rtol=1e-6)
    np.testing.assert_array_equal(serving.network_outputs(served), outputs)
    fewer = {name: served[name] for name in serving.always}
    for given in (served, fewer):
        answer = serving.decode(given, None)[3]
        assert list(answer.document) == ["a", "a lower", "a upper", "b", "b lower", "b upper"]
        assert answer.document["b upper"] == pytest.approx(reference["upper"][3, 1], rel=1e-6)
        assert answer.document["a lower"] < answer.document["a"] < answer.document["a upper"]


def test_without_validation_there_is_no_interval_and_it_is_said(capsys):
    cfg = config()
    text = regression.reporting(cfg, TARGET, {}).calibrate(None, None)
    assert "no validation split" in capsys.readouterr().err
    serving = regression.serving(regression.about(cfg, {CALIBRATION: text}), TARGET)
    assert list(serving.outputs) == ["value"]
    few = np.zeros((5, 2), np.float32)
    regression.reporting(cfg, TARGET, {}).calibrate(few, Y[:5])
    assert "it takes 9 validation samples, and there are 5" in capsys.readouterr().err
