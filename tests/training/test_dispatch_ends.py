"""Where dispatches end: at the steps of rows and checkpoints, whatever their length is."""

import numpy as np
import pytest

from fmtool.training.step.epoch_table import FedSteps
from fmtool.training.step.feed import StepNumbers, _torch_loader
from fmtool.training.step.plan import BatchPlan

STEPS, EPOCHS = 7, 5


def plan(*stops):
    return BatchPlan(np.arange(STEPS * 4, dtype=np.int32), 4, shuffles=True, stops=stops)


def ends(of_run, length):
    """Those of the dispatches of a run, in steps of the run."""
    fed = FedSteps(of_run, length)
    for of_run.epoch in range(EPOCHS):
        while steps := fed.next():
            assert len(steps) <= length
            yield of_run.epoch * STEPS + steps.stop


@pytest.mark.parametrize("length", [1, 2, 3, 5, 256])
@pytest.mark.parametrize("stops", [(10,), (3, 10), (7,), (2, 5, 100), (1,)])
def test_every_multiple_is_the_end_of_a_dispatch(stops, length):
    found = list(ends(plan(*stops), length))
    due = {step for step in range(1, STEPS * EPOCHS + 1) if any(step % each == 0 for each in stops)}
    assert due <= set(found)
    assert found == sorted(set(found))
    assert found[-1] == STEPS * EPOCHS


def test_without_stops_a_dispatch_is_as_long_as_it_may_be():
    assert list(ends(plan(), 3))[:4] == [3, 6, 7, 10]
    assert plan().fed(2, 3) == STEPS - 2


@pytest.mark.parametrize("start", [0, 3])
@pytest.mark.parametrize("length", [1, 3, 256])
def test_keras_is_told_of_enough_steps_for_all_dispatches_of_any_epoch(length, start):
    of_run = plan(3, 10)
    for of_run.epoch in range(EPOCHS):
        begin, dispatches = start, 0
        while (end := of_run.dispatch_end(begin, length)) > begin:
            begin, dispatches = end, dispatches + 1
        assert dispatches * length <= of_run.fed(start, length)


def test_on_torch_what_is_behind_a_short_dispatch_is_no_batch():
    pytest.importorskip("torch")
    of_run = plan(5)
    of_run.epoch = 1
    batches = iter(_torch_loader(StepNumbers(of_run, 1, 4)))
    items = [next(batches) for _ in range(12)]
    numbers = [None if each is None else int(each[0]) for each in items]
    assert numbers == [1, 2, None, None, 3, 4, 5, 6, None, None, None, None]
