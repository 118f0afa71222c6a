"""How many steps and samples an epoch has, and which samples a batch holds."""

import numpy as np
import pytest

from fmtool.training.feed import IndexFeed, Plan, feed


def rows(count):
    return np.arange(count, dtype=np.int32) + 7


@pytest.mark.parametrize(
    ("count", "batch_size", "shuffles", "steps", "samples"),
    [
        (100, 25, True, 4, 100),
        (100, 30, True, 3, 90),
        (100, 30, False, 4, 100),
        (100, 25, False, 4, 100),
        (10, 64, True, 1, 10),
        (10, 64, False, 1, 10),
    ],
)
def test_steps_and_samples_of_an_epoch(count, batch_size, shuffles, steps, samples):
    plan = Plan(rows(count), batch_size, shuffles=shuffles)
    assert (plan.steps, plan.samples) == (steps, samples)
    assert len(plan.arrays()[0]) == samples


def test_other_samples_are_left_out_in_each_epoch():
    plan = Plan(rows(10), 4, shuffles=True)
    left_out = set()
    for epoch in range(20):
        plan.epoch = epoch
        seen, _ = plan.arrays()
        assert len(set(seen.tolist())) == 8
        left_out |= set(plan.indices.tolist()) - set(seen.tolist())
    assert left_out == set(plan.indices.tolist())


def test_without_shuffling_the_order_stays():
    plan = Plan(rows(5), 2)
    plan.epoch = 3
    assert plan.arrays()[0].tolist() == [7, 8, 9, 10, 11]


def test_setting_the_epoch_is_what_changes_the_arrays():
    plan = Plan(rows(50), 10, draws=2, shuffles=True)
    first, draws = plan.arrays()
    assert plan.arrays()[0] is first
    assert draws.shape == (50, 2)
    plan.epoch = 1
    assert not np.array_equal(plan.arrays()[0], first)
    plan.epoch = 0
    assert np.array_equal(plan.arrays()[0], first)


@pytest.mark.parametrize("shuffles", [True, False])
def test_both_forms_of_the_feed_give_the_same_batches(shuffles):
    plan = Plan(rows(23), 5, draws=1, shuffles=shuffles)
    generic = IndexFeed(plan, None)
    native = list(feed(plan, (None, None)))
    assert len(native) == len(generic) == plan.steps
    for step, (indices, draws) in enumerate(native):
        assert np.array_equal(indices, generic[step][0])
        assert np.array_equal(draws, generic[step][1])


def test_the_last_batch_of_a_validation_is_ragged():
    assert [len(batch[0]) for batch in feed(Plan(rows(7), 3), (None, None))] == [3, 3, 1]
