"""Early stopping counts as Keras' own does, and goes on counting after a resume."""

import json

import keras
import pytest

from fmtool.metric import Metric
from fmtool.training.callbacks.early_stopping import EarlyStopping

COURSES = [
    [1.0, 0.9, 0.95, 0.91, 0.92, 0.5],
    [1.0, 0.999, 0.998, 0.997, 0.5],
    [0.5, 0.5, 0.5, 0.5],
    [0.2, 0.4, 0.1, 0.6, 0.3, 0.2, 0.1],
]


class Model:
    """All that the callback asks of a model."""

    def __init__(self):
        self.stop_training = False


def stopped_at(callback, course, model):
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(course):
        callback.on_epoch_end(epoch, {"val_loss": value})
        if model.stop_training:
            return epoch
    return None


def ours(mode, patience, min_delta):
    return EarlyStopping(metric=Metric("val_loss", mode), patience=patience, min_delta=min_delta)


@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize(("patience", "min_delta"), [(1, 0.0), (2, 0.0), (2, 0.05), (0, 0.0)])
def test_it_stops_in_the_epoch_in_which_keras_does(course, mode, patience, min_delta):
    theirs = keras.callbacks.EarlyStopping(
        monitor="val_loss", mode=mode, patience=patience, min_delta=min_delta
    )
    expected = stopped_at(theirs, course, Model())
    assert stopped_at(ours(mode, patience, min_delta), course, Model()) == expected


def test_a_restored_one_stops_where_the_first_would_have():
    course = [1.0, 0.9, 0.95, 0.91, 0.92, 0.93]
    assert stopped_at(ours("min", 3, 0.0), course, Model()) == 4
    before, after = ours("min", 3, 0.0), ours("min", 3, 0.0)
    assert stopped_at(before, course[:3], Model()) is None
    after.restore(json.loads(json.dumps(before.state())))
    assert stopped_at(after, course[3:], Model()) == 1
    assert after.has_stopped
