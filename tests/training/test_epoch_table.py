"""The rows and draws of an epoch on the device, and the steps that a call runs."""

import numpy as np
import pytest

from fmtool.training.loop import _Callbacks
from fmtool.training.step.epoch_table import EpochTable
from fmtool.training.step.plan import BatchPlan


class Device:
    """Keeps what is put on it."""

    def __init__(self):
        self.arrays = []

    def put(self, array):
        self.arrays.append(array)
        return array


def plan(**settings):
    return BatchPlan(
        np.arange(23, dtype=np.int32), 5, seed=3, draws=2, **{"shuffles": True} | settings
    )


@pytest.mark.parametrize("epoch", [0, 1, 7])
def test_a_line_is_a_whole_batch_of_the_epoch(epoch):
    of_epoch = plan()
    of_epoch.epoch = epoch
    rows, draws = EpochTable(of_epoch, np.asarray).batches()
    assert (rows.shape, draws.shape) == ((4, 5), (4, 5, 2))
    expected_rows, expected_draws = of_epoch.arrays()
    assert np.array_equal(rows.reshape(-1), expected_rows)
    assert np.array_equal(draws.reshape(-1, 2), expected_draws)


def test_without_shuffling_the_rest_of_the_samples_is_behind_the_lines():
    table = EpochTable(plan(shuffles=False), np.asarray)
    assert table.lines == 4
    assert table.batches()[0].reshape(-1).tolist() == list(range(20))


def test_the_next_epoch_is_prepared_and_then_put_on_the_device_no_more():
    device, of_epoch = Device(), plan()
    table = EpochTable(of_epoch, device.put)
    first = table.batches()
    table.prepare_next()
    assert table.batches() is first, "the epoch goes on"
    assert len(device.arrays) == 4
    of_epoch.epoch = 1
    rows, draws = table.batches()
    assert table.batches()[0] is rows
    assert len(device.arrays) == 4
    expected = plan()
    expected.epoch = 1
    assert np.array_equal(rows.reshape(-1), expected.arrays()[0])
    assert np.array_equal(draws.reshape(-1, 2), expected.arrays()[1])


def test_another_epoch_than_the_prepared_one_is_what_it_should_be():
    of_epoch = plan()
    table = EpochTable(of_epoch, np.asarray)
    table.batches()
    table.prepare_next()
    of_epoch.epoch = 5
    assert np.array_equal(table.batches()[0].reshape(-1), of_epoch.arrays()[0])


def test_nothing_is_prepared_where_every_epoch_is_the_same():
    device = Device()
    EpochTable(plan(shuffles=False), device.put).prepare_next()
    assert device.arrays == []


def test_a_call_runs_the_steps_that_follow_and_looks_at_one_number_of_an_epoch():
    table = EpochTable(plan(), np.asarray)
    taken = []

    def numbers(start):
        for number in range(start, 4):
            taken.append(number)
            yield (np.int32(number),)

    first = numbers(0)
    assert [table.steps(first, 3), table.steps(first, 3)] == [range(3), range(3, 4)]
    assert not table.steps(first, 3), "Keras may be told of more"
    assert table.steps(numbers(2), 3) == range(2, 4), "training goes on in mid-epoch"
    assert taken == [0, 2]


def test_callbacks_are_given_the_logs_of_a_call_as_they_are():
    import keras

    class Seen(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.batch, self.logs = batch, logs

    seen, logs = Seen(), {"loss": keras.ops.ones(())}
    _Callbacks([seen]).on_train_batch_end(7, logs)
    assert seen.batch == 7
    assert seen.logs is logs
