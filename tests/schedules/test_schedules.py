"""Every schedule has exactly the published values, at the edges above all."""

from importlib import import_module, resources
from math import cos, floor, pi

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from fmtool.errors import UsageError

PEAK, STEPS, EPOCHS = 0.5, 10, 12
TOTAL = STEPS * EPOCHS
NAMES = sorted(
    entry.name.removesuffix(".yaml")
    for entry in resources.files("fmtool.conf").joinpath("schedule").iterdir()
)


def build(cfg):
    return import_module(f"fmtool.schedules.{cfg.name}").build(
        cfg, learning_rate=PEAK, steps_per_epoch=STEPS, epochs=EPOCHS
    )


def values(schedule, count=TOTAL + 1):
    return [float(keras.ops.convert_to_numpy(schedule(step))) for step in range(count)]


def check(schedule, formula):
    """Compares the steps around every change of epoch, the first and the last included."""
    steps = [step for step in range(TOTAL + 1) if step % STEPS in (0, 1, 4, 5, STEPS - 1)]
    observed = [float(keras.ops.convert_to_numpy(schedule(step))) for step in steps]
    expected = [formula(step) for step in steps]
    np.testing.assert_allclose(observed, expected, rtol=2e-5, atol=1e-7)


def ramp(step, warmup, start):
    return start + (1 - start) * min(step / warmup, 1)


def test_constant_without_warmup_is_a_plain_number(option):
    assert build(option("constant")) == PEAK


def test_warmup_rises_linearly_and_ends_at_its_last_step_plus_one(option):
    schedule = build(option("constant", warmup_steps=20, warmup_start=0.1))
    check(schedule, lambda step: PEAK * ramp(step, 20, 0.1))
    assert values(schedule)[20] == PEAK


def test_warmup_epochs_may_be_a_part_of_an_epoch(option):
    check(build(option("constant", warmup_epochs=0.5)), lambda step: PEAK * ramp(step, 5, 0.0))


def test_step_drops_by_thirds_of_the_run(option):
    check(build(option("step")), lambda step: PEAK * 0.1 ** (step // 40))


def test_step_counts_its_epochs_from_the_start_of_the_run_with_a_warmup(option):
    schedule = build(option("step", drop_epochs=3.0, factor=0.5, warmup_steps=10))
    check(schedule, lambda step: PEAK * ramp(step, 10, 0.0) * 0.5 ** (step // 30))


def test_multistep_drops_at_fractions_of_the_run(option):
    schedule = build(option("multistep"))
    check(schedule, lambda step: PEAK * 0.1 ** ((step >= 60) + (step >= 90)))


def test_multistep_drops_at_epochs_of_the_run_with_a_warmup(option):
    schedule = build(option("multistep", milestone_epochs=[3, 5.5], factor=0.5, warmup_epochs=1))
    check(
        schedule,
        lambda step: PEAK * ramp(step, 10, 0.0) * 0.5 ** ((step >= 30) + (step >= 55)),
    )


def test_exponential_leaves_decay_rate_at_the_end_of_the_run(option):
    schedule = build(option("exponential", warmup_steps=20))
    check(
        schedule,
        lambda step: PEAK * ramp(step, 20, 0.0) * 0.01 ** (max(step - 20, 0) / (TOTAL - 20)),
    )


def test_an_exponential_staircase_drops_after_whole_decay_epochs(option):
    schedule = build(option("exponential", decay_epochs=2, decay_rate=0.5, staircase=True))
    check(schedule, lambda step: PEAK * 0.5 ** floor(step / 20))


def test_inverse_time_divides_by_one_plus_decay_rate_at_the_end(option):
    check(build(option("inverse_time")), lambda step: PEAK / (1 + 10 * step / TOTAL))


def test_polynomial_reaches_its_end_after_the_last_step(option):
    schedule = build(option("polynomial", power=2.0, end_learning_rate=0.1, warmup_steps=20))
    check(
        schedule,
        lambda step: (
            ramp(step, 20, 0.0) * (0.1 + (PEAK - 0.1) * (1 - max(step - 20, 0) / (TOTAL - 20)) ** 2)
        ),
    )


def test_cosine_reaches_alpha_after_the_last_step(option):
    schedule = build(option("cosine", alpha=0.1, warmup_epochs=2.0))
    check(
        schedule,
        lambda step: (
            PEAK
            * ramp(step, 20, 0.0)
            * (0.1 + 0.9 * (1 + cos(pi * max(step - 20, 0) / (TOTAL - 20))) / 2)
        ),
    )
    assert values(schedule)[20] == PEAK


def test_cosine_stays_at_its_end_when_decay_epochs_are_over(option):
    schedule = build(option("cosine", decay_epochs=6.0))
    check(schedule, lambda step: PEAK * (1 + cos(pi * min(step / 60, 1))) / 2)


@pytest.mark.parametrize("t_mul", [1.0, 1.5, 2.0])
def test_cosine_restarts_are_at_the_peak_on_the_very_step(option, t_mul):
    cfg = option("cosine_restarts", first_decay_epochs=2.0, t_mul=t_mul, m_mul=0.5, alpha=0.1)
    starts = [0]
    while starts[-1] < TOTAL:
        starts.append(round(20 * sum(t_mul**cycle for cycle in range(len(starts)))))

    def formula(step):
        cycle = max(index for index, start in enumerate(starts[:-1]) if start <= step)
        passed = (step - starts[cycle]) / (starts[cycle + 1] - starts[cycle])
        return PEAK * (0.1 + 0.9 * 0.5**cycle * (1 + cos(pi * passed)) / 2)

    check(build(cfg), formula)


def test_cosine_cycles_fill_the_run_after_the_warmup(option):
    schedule = build(option("cosine_restarts", cycles=3, warmup_steps=50))
    cycles = [(0, 50, 0), (50, 10, 1), (60, 20, 1), (80, 40, 1)]

    def formula(step):
        start, length, is_decaying = max(cycle for cycle in cycles if cycle[0] <= step)
        passed = (step - start) / length
        return PEAK * ((1 + cos(pi * passed)) / 2 if is_decaying else passed)

    check(schedule, formula)


@pytest.mark.parametrize("anneal_strategy", ["cos", "linear"])
def test_one_cycle_rises_to_the_peak_and_falls_to_its_last_rate(option, anneal_strategy):
    schedule = build(option("one_cycle", anneal_strategy=anneal_strategy))
    first, last = PEAK / 25, PEAK / 25 / 1e4

    def formula(step):
        begin, end, done = (
            (first, PEAK, step / 36) if step < 36 else (PEAK, last, (step - 36) / (TOTAL - 36))
        )
        return begin + (end - begin) * (
            (1 - cos(pi * done)) / 2 if anneal_strategy == "cos" else done
        )

    check(schedule, formula)
    assert values(schedule)[36] == PEAK


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="no tensor is involved, one backend will do"
)
@pytest.mark.parametrize("warmup", [0, 7])
@pytest.mark.parametrize("name", NAMES)
def test_a_saved_model_keeps_its_schedule(option, name, warmup, tmp_path):
    schedule = build(option(name, warmup_steps=warmup))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.SGD(learning_rate=schedule), loss="mse")
    model.optimizer.build(model.trainable_variables)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").optimizer
    for step in (0, 3, 8, 70, TOTAL - 1):
        model.optimizer.iterations.assign(step)
        loaded.iterations.assign(step)
        assert float(keras.ops.convert_to_numpy(loaded.learning_rate)) == float(
            keras.ops.convert_to_numpy(model.optimizer.learning_rate)
        )


def test_training_uses_the_value_of_each_step(option):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    schedule = build(option("cosine", warmup_steps=2))
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate=schedule),
        loss=lambda y, y_pred: keras.ops.mean(y_pred),
    )
    before = model.get_weights()[0].item()
    model.fit(np.ones((8, 1)), np.zeros((8, 1)), batch_size=1, verbose=0)
    assert before - model.get_weights()[0].item() == pytest.approx(
        sum(values(schedule, 8)), rel=1e-5
    )


def test_two_lengths_of_warmup_are_refused(option):
    with pytest.raises(ValidationError, match="warmup_steps and warmup_epochs exclude each other"):
        option("cosine", warmup_steps=1, warmup_epochs=1.0)


@pytest.mark.parametrize("name", NAMES)
def test_a_warmup_as_long_as_the_run_is_refused(option, name):
    with pytest.raises(UsageError, match=r"schedule\.warmup_epochs: .* 120 steps .* run of 120"):
        build(option(name, warmup_epochs=12.0))


def test_milestones_that_do_not_rise_are_refused(option):
    with pytest.raises(ValidationError, match="milestone_epochs must rise"):
        option("multistep", milestone_epochs=[5.0, 5.0])
