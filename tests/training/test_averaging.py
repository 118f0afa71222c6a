"""Validation sees the moving average of the weights, and training gets its weights back."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest

from fmtool.training.averaging import FinalWeights, FinalWeightsInValidation, weights_kept
from fmtool.training.batch_statistics import BatchStatistics
from fmtool.training.optimization import Optimization


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, bias_initializer="ones")])
    network.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), loss="mse")
    return network


X, Y = np.linspace(-1, 1, 24).reshape(8, 3), np.ones((8, 2))


class Seen(keras.callbacks.Callback):
    """The weights at the begin, in the midst and at the end of a validation."""

    def __init__(self):
        super().__init__()
        self.weights = {}

    def on_test_batch_begin(self, batch, logs=None):
        self.weights["within"] = self.model.get_weights()

    def on_train_batch_end(self, batch, logs=None):
        self.weights["before"] = self.model.get_weights()

    def on_epoch_end(self, epoch, logs=None):
        self.weights["after"] = self.model.get_weights()


def optimization(model):
    return Optimization(model.optimizer, schedule=0.1, schedule_cfg=None)


def trained(model):
    seen = Seen()
    final = FinalWeights(optimization(model), BatchStatistics(model))
    callbacks = [FinalWeightsInValidation(final, SimpleNamespace(step=3)), seen]
    with weights_kept(model.optimizer):
        model.fit(X, Y, validation_data=(X, Y), epochs=2, callbacks=callbacks, verbose=0)
    return seen.weights


def test_training_gets_its_weights_back_to_the_bit(model):
    weights = trained(model)
    for before, after in zip(weights["before"], weights["after"], strict=True):
        assert before.tobytes() == after.tobytes()


def test_validation_sees_the_average_and_not_the_weights(model):
    weights = trained(model)
    averages = model.optimizer._model_variables_moving_average
    for within, before, average in zip(weights["within"], weights["before"], averages, strict=True):
        assert within.tobytes() == np.asarray(average).tobytes()
        assert within.tobytes() != before.tobytes()


def test_a_fit_does_not_end_by_putting_the_average_in_place(model):
    weights = trained(model)
    assert [each.tobytes() for each in model.get_weights()] == [
        each.tobytes() for each in weights["after"]
    ]
    optimization(model).take_average()
    assert [each.tobytes() for each in model.get_weights()] == [
        each.tobytes() for each in weights["within"]
    ]
