"""A training that is killed again and again ends with the same bits as one that is not."""

import pytest
from torture import torture

SLOW = [pytest.param(backend, marks=pytest.mark.slow) for backend in ("tensorflow", "jax")]


@pytest.fixture(scope="module", params=[*SLOW, "torch"])
def trainings(request, zygote_on, tmp_path_factory):
    """Those of eight SIGKILLs and a SIGTERM; the seeds take all points of the commit in turn."""
    seed = ("tensorflow", "jax", "torch").index(request.param) * 3
    folder = tmp_path_factory.mktemp(request.param)
    return torture(zygote_on(request.param), folder, kills=8, seed=seed)


def test_eight_kills_change_no_bit_of_what_a_training_leaves(trainings):
    assert sum(each.kills for each in trainings) >= 8
    assert {name for each in trainings for name in each.different} == set()


def test_no_attempt_begins_anew_or_behind_where_the_last_one_was(trainings):
    for training in trainings:
        reached = 0
        for child in training.attempts:
            if child.first:
                # Steps are reported in threes, so two checkpoints are at most 9 steps apart.
                assert reached - 9 < child.first <= reached + 3
            reached = max(reached, child.step)
