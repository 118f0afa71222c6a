"""Factors of the learning rate and last epochs for variables chosen by their paths."""

from importlib import import_module

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from fmtool import validate
from fmtool.config.compose import compose
from fmtool.errors import UsageError
from fmtool.optimizers.shared.selected import by_pattern, freeze, scale_learning_rates
from fmtool.training import optimization

PATHS = ("a/kernel", "a/bias", "b/kernel")


class Named:
    def __init__(self, path):
        self.path = path


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def variables():
    rng = np.random.default_rng(0)
    return [
        keras.Variable(rng.normal(size=(4, 3)).astype(np.float32), name=name)
        for name in ("first", "second", "third")
    ]


def build(cfg):
    return import_module(f"fmtool.optimizers.{cfg.name}").build(cfg, 0.1)


def train(optimizer, members, steps):
    """The values after each step."""
    rng, seen = np.random.default_rng(1), []
    optimizer.build(members)
    for _ in range(steps):
        grads = [rng.normal(size=(4, 3)).astype(np.float32) for _ in members]
        optimizer.apply([keras.ops.convert_to_tensor(each) for each in grads], members)
        seen.append([array(each).copy() for each in members])
    return seen


def chosen(patterns):
    members = [Named(path) for path in PATHS]
    return {each.path: value for each, value in by_pattern(patterns, members, key="keys")}


def test_a_pattern_is_sought_anywhere_in_the_path():
    assert chosen({"kernel": 2.0, "^a/b": 0.0}) == {"a/kernel": 2, "a/bias": 0, "b/kernel": 2}
    assert chosen({"^b": 3.0}) == {"b/kernel": 3}


def test_a_pattern_that_matches_nothing_is_a_mistake_of_the_user():
    with pytest.raises(UsageError) as error:
        chosen({"a/kernal": 2.0})
    assert error.value.message == "keys: no variable of the model matches 'a/kernal'"
    assert error.value.fix == "did you mean 'a/kernel'?"


def test_two_patterns_for_one_variable_are_a_mistake_of_the_user():
    with pytest.raises(UsageError, match="keys: 'a/' and 'bias' both match a/bias"):
        chosen({"a/": 2.0, "bias": 1.0})


@pytest.mark.parametrize("key", ["learning_rate_factors", "freeze_after"])
@pytest.mark.parametrize("value", [{"(": 1.0}, {"a": -1.0}])
def test_what_is_no_pattern_or_negative_is_refused(option, key, value):
    with pytest.raises(ValidationError, match=key):
        option("sgd", **{key: value})


def test_the_command_names_a_wrong_pattern(call):
    outcome = call("train", "++optimizer.learning_rate_factors={*beta:2}")
    assert outcome.code == 2
    assert outcome.error.startswith("error: optimizer.learning_rate_factors: '*beta' is no regular")


@pytest.mark.parametrize("name", ["sgd", "adam", "nadam", "muon", "lamb", "muon_sgd"])
def test_a_factor_scales_what_a_step_does(option, name):
    cfg = option(name, weight_decay=None)
    starts = [array(each) for each in variables()]
    (plain,) = train(build(cfg), variables(), 1)
    optimizer, members = build(cfg), variables()
    scale_learning_rates(optimizer, [(members[0], 0.5), (members[1], 3.0)])
    (scaled,) = train(optimizer, members, 1)
    for start, one, other, factor in zip(starts, plain, scaled, (0.5, 3.0, 1.0), strict=True):
        np.testing.assert_allclose(other - start, factor * (one - start), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("accumulated", [None, 2])
@pytest.mark.parametrize("name", ["sgd", "adamw", "muon_sgd"])
def test_a_variable_stays_as_it_is_from_its_epoch_on(option, name, accumulated):
    cfg = option(name, weight_decay=0.1, gradient_accumulation_steps=accumulated)
    plain = train(build(cfg), variables(), 6)
    optimizer, members = build(cfg), variables()
    freeze(optimizer, [(members[0], 4), (members[1], 0)])
    frozen = train(optimizer, members, 6)
    start = array(variables()[1])
    for step, (one, other) in enumerate(zip(plain, frozen, strict=True)):
        np.testing.assert_array_equal(other[0], plain[min(step, 3)][0])
        np.testing.assert_array_equal(other[1], start)
        np.testing.assert_array_equal(other[2], one[2])
    assert not np.array_equal(plain[5][0], plain[3][0])


def test_an_average_of_the_weights_sees_the_frozen_value(option):
    optimizer, members = build(option("sgd", use_ema=True)), variables()
    freeze(optimizer, [(members[0], 0)])
    train(optimizer, members, 3)
    averages = [array(each) for each in optimizer._model_variables_moving_average]
    np.testing.assert_allclose(averages[0], array(members[0]), rtol=1e-6)
    assert not np.allclose(averages[1], array(members[1]), rtol=1e-3)


def test_the_keys_of_a_run_name_variables_and_epochs(option):
    layers = [keras.layers.Dense(2, name=name) for name in ("first", "second")]
    model = keras.Sequential([keras.Input((3,)), *layers])
    factors, ends = {"second/kernel": 0.0}, {"first/kernel": 1.5}
    cfg = option("sgd", learning_rate_factors=factors, freeze_after=ends)
    schedule, regularizer = (
        validate.option(group, compose("train", [])[group]) for group in ("schedule", "regularizer")
    )
    optimizer = optimization.build(
        model, cfg, schedule, regularizer, steps_per_epoch=2, epochs=3, seed=0
    ).optimizer
    variables = model.trainable_variables
    optimizer.build(variables)
    moves = [[] for _ in variables]
    for _ in range(6):
        before = [array(each).copy() for each in variables]
        optimizer.apply([keras.ops.ones(each.shape) for each in variables])
        for moved, variable, value in zip(moves, variables, before, strict=True):
            moved.append(not np.array_equal(array(variable), value))
    until_three, always, never = [True] * 3 + [False] * 3, [True] * 6, [False] * 6
    assert moves == [until_three, always, never, always]
