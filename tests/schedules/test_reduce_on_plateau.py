"""The learning rate falls on a plateau, training uses it, and a resumed run goes on with it."""

import keras
import numpy as np
import pytest
from pydantic import ValidationError

from fmtool.errors import UsageError
from fmtool.metric import Metric
from fmtool.schedules import reduce_on_plateau


class Course(keras.callbacks.Callback):
    """Feeds the losses given instead of the real ones, and notes rates and weights."""

    def __init__(self, losses):
        super().__init__()
        self.losses = losses
        self.rates = []
        self.weights = []

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = self.losses[epoch]
        self.rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))
        self.weights.append(self.model.get_weights()[0].item())


def trainer(cfg, optimizer_class=keras.optimizers.SGD, *, is_compiled=False):
    """A one-weight model whose gradient is 1, so that each step moves it by the learning rate."""
    schedule = reduce_on_plateau.build(cfg, learning_rate=0.5, steps_per_epoch=2, epochs=10)
    optimizer = optimizer_class(learning_rate=schedule)
    reduce_on_plateau.attach(schedule, optimizer)
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")]
    )
    model.compile(
        optimizer=optimizer,
        loss=lambda y, y_pred: keras.ops.mean(y_pred),
        run_eagerly=not is_compiled,
    )
    return model, reduce_on_plateau.callback(cfg, schedule, metric=Metric("val_loss", "min"))


def fit(model, callback, losses, *, begin=0, end=None):
    course = Course(losses)
    model.fit(
        np.ones((2, 1)),
        np.zeros((2, 1)),
        batch_size=1,
        initial_epoch=begin,
        epochs=len(losses) if end is None else end,
        callbacks=[course, callback],
        verbose=0,
    )
    return course


LOSSES = [3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]


def test_training_goes_on_with_the_lowered_rate(option):
    model, callback = trainer(option("reduce_on_plateau", patience=2), is_compiled=True)
    course = fit(model, callback, LOSSES)
    rates = [0.5, 0.5, 0.5, 0.5, 0.05, 0.05, 0.005]
    assert course.rates == pytest.approx(rates)
    assert course.weights == pytest.approx(-2 * np.cumsum(rates), rel=1e-5)


def test_cooldown_epochs_do_not_count(option):
    model, callback = trainer(option("reduce_on_plateau", patience=1, cooldown=3))
    assert fit(model, callback, LOSSES).rates == pytest.approx([0.5] * 3 + [0.05] * 3 + [0.005])


def test_the_rate_stays_above_min_lr(option):
    model, callback = trainer(option("reduce_on_plateau", patience=1, min_lr=0.1))
    assert fit(model, callback, LOSSES).rates == pytest.approx([0.5] * 3 + [0.1] * 4)


def test_a_change_below_min_delta_is_no_improvement(option):
    model, callback = trainer(option("reduce_on_plateau", patience=1, min_delta=0.5))
    assert fit(model, callback, [3.0, 2.8, 2.0]).rates == pytest.approx([0.5, 0.5, 0.05])


def test_max_mode_takes_a_rise_for_improvement(option):
    cfg = option("reduce_on_plateau", patience=1)
    model, callback = trainer(cfg)
    rising = reduce_on_plateau.callback(cfg, callback.schedule, metric=Metric("val_loss", "max"))
    assert fit(model, rising, [1.0, 2.0, 3.0, 2.0, 9.0]).rates == pytest.approx([0.5] * 4 + [0.05])


def test_warmup_stands_in_front(option):
    model, callback = trainer(option("reduce_on_plateau", warmup_steps=4, patience=2))
    course = fit(model, callback, [2.0] * 4)
    # The rate shown after an epoch is that of the next step; the steps had 0, 1/4, 1/2, 3/4 ...
    assert course.rates == pytest.approx([0.25, 0.5, 0.5, 0.05])
    steps = [0.0, 0.125, 0.25, 0.375, 0.5, 0.5, 0.05, 0.05]
    assert course.weights[-1] == pytest.approx(-sum(steps), rel=1e-5)


@pytest.mark.parametrize("optimizer_class", [keras.optimizers.SGD, keras.optimizers.Adam])
def test_a_run_resumed_from_the_optimizers_variables_equals_one_in_one_go(option, optimizer_class):
    cfg = option("reduce_on_plateau", patience=2)
    whole_model, whole_callback = trainer(cfg, optimizer_class, is_compiled=True)
    whole = fit(whole_model, whole_callback, LOSSES)

    first_model, first_callback = trainer(cfg, optimizer_class, is_compiled=True)
    fit(first_model, first_callback, LOSSES, end=5)
    second_model, second_callback = trainer(cfg, optimizer_class, is_compiled=True)
    second_model.optimizer.build(second_model.trainable_variables)
    second_model.set_weights(first_model.get_weights())
    saved = {v.path: keras.ops.convert_to_numpy(v) for v in first_model.optimizer.variables}
    assert [path for path in saved if "plateau_factor" in path]
    for variable, value in zip(second_model.optimizer.variables, saved.values(), strict=True):
        variable.assign(value)
    second_callback.restore(first_callback.state())
    second = fit(second_model, second_callback, LOSSES, begin=5)
    assert second.rates == whole.rates[5:]
    assert second.weights == whole.weights[5:]


def test_the_counters_are_plain_numbers(option):
    model, callback = trainer(option("reduce_on_plateau", patience=5))
    fit(model, callback, [3.0, 2.0, 2.5, 2.5])
    assert callback.state() == {"best": 2.0, "wait": 2, "cooldown_counter": 0}


def test_a_metric_that_is_not_there_is_a_usage_error(option):
    cfg = option("reduce_on_plateau")
    model, callback = trainer(cfg)
    other = reduce_on_plateau.callback(cfg, callback.schedule, metric=Metric("val_auc", "max"))
    with pytest.raises(UsageError, match=r"val_auc; fix: monitor one of loss, val_loss"):
        fit(model, other, [1.0])


def test_lowering_a_schedule_without_an_optimizer_fails(option):
    schedule = reduce_on_plateau.build(
        option("reduce_on_plateau"), learning_rate=0.5, steps_per_epoch=2, epochs=10
    )
    with pytest.raises(RuntimeError, match="attach the schedule"):
        schedule.lower(0.1)


def test_min_lr_above_the_learning_rate_is_refused(option):
    cfg = option("reduce_on_plateau", min_lr=1.0)
    with pytest.raises(UsageError, match=r"schedule\.min_lr 1 is above the learning rate 0\.5"):
        reduce_on_plateau.build(cfg, learning_rate=0.5, steps_per_epoch=2, epochs=10)


def test_a_factor_that_raises_the_rate_is_refused(option):
    with pytest.raises(ValidationError, match="factor"):
        option("reduce_on_plateau", factor=1.0)
