"""What the plan of a run makes of learning rates, lookahead and freezing."""

from functools import cache

import keras
import numpy as np
import pytest

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.metric import Metric
from fmtool.training import optimization

STEPS, EPOCHS = 10, 4


@pytest.fixture
def network():
    return keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(2, name="first"), keras.layers.Dense(2)]
    )


@cache
def config(*words):
    return validate.train_config(compose("train", ["data=digits", "model=mlp", *words]))


def build(network, *words, **changes):
    """The optimization of `network`; `changes` are of the optimizer's keys."""
    cfg = config("optimizer=sgd", "optimizer.learning_rate=0.5", *words)
    return optimization.build(
        network,
        cfg.optimizer.model_copy(update=changes),
        cfg.schedule,
        cfg.regularizer,
        steps_per_epoch=STEPS,
        epochs=EPOCHS,
        seed=0,
    )


def planned(step, *words):
    cfg = config("optimizer.learning_rate=0.5", *words)
    return optimization.planned_rate(
        cfg.schedule, cfg.optimizer, steps_per_epoch=STEPS, epochs=EPOCHS, step=step
    )


@pytest.mark.parametrize(("step", "rate"), [(0, 0.5), (20, 0.25), (40, 0.0)])
def test_the_planned_rate_spans_all_epochs(step, rate):
    assert planned(step, "schedule=cosine") == pytest.approx(rate, abs=1e-7)


def test_no_rate_is_planned_where_a_metric_decides():
    assert planned(20, "schedule=reduce_on_plateau") is None
    assert planned(20, "schedule=constant") == 0.5


def test_the_built_schedule_is_the_planned_one(network):
    built = build(network, "schedule=cosine").learning_rate()
    assert [built.at(step) for step in (0, 20, 40)] == pytest.approx([0.5, 0.25, 0.0], abs=1e-7)


def test_a_plateau_lowers_the_rate_by_its_factor(network):
    built = build(network, "schedule=reduce_on_plateau")
    assert built.learning_rate().at(7) == 0.5
    built.schedule.lower(0.25)
    assert built.learning_rate().at(7) == pytest.approx(0.125)
    assert built.callback(Metric("val_loss", "min")) is not None
    assert build(network, "schedule=constant").callback(Metric("val_loss", "min")) is None


@pytest.mark.parametrize(
    ("changes", "averages"),
    [({}, False), ({"use_ema": True}, True), ({"lookahead_steps": 5}, True)],
)
def test_training_ends_with_other_weights_where_some_are_averaged(network, changes, averages):
    assert build(network, **changes).averages is averages


def test_a_variable_is_frozen_when_its_epochs_have_passed(network):
    built = build(network, freeze_after={"first/kernel": 0.2})
    variables = network.trainable_variables
    built.optimizer.build(variables)
    moved = []
    for _ in range(4):
        before = [keras.ops.convert_to_numpy(each).copy() for each in variables]
        built.optimizer.apply([keras.ops.ones(each.shape) for each in variables], variables)
        pairs = zip(before, variables, strict=True)
        moved.append([bool(np.any(was != keras.ops.convert_to_numpy(now))) for was, now in pairs])
    assert [each[0] for each in moved] == [True, True, False, False]
    assert all(all(each[1:]) for each in moved)


def test_a_factor_of_nothing_freezes_from_the_first_step(network):
    """A weight decay would change the kernel all the same, whose learning rate is none."""
    factors = {"first/kernel": 0.0, "first/bias": 0.5}
    built = build(network, learning_rate_factors=factors, weight_decay=0.1)
    variables = network.trainable_variables
    built.optimizer.build(variables)
    before = [keras.ops.convert_to_numpy(each).copy() for each in variables]
    built.optimizer.apply([keras.ops.ones(each.shape) for each in variables], variables)
    after = [keras.ops.convert_to_numpy(each) for each in variables]
    changes = [float(np.abs(was - now).max()) for was, now in zip(before, after, strict=True)]
    assert changes[0] == 0.0
    assert changes[1] == pytest.approx(0.25, abs=0.05)
    assert changes[2:] == pytest.approx([0.5, 0.5], abs=0.1)
