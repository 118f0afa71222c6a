"""Which samples a run trains and validates on."""

import os
import subprocess
import sys

import numpy as np
import pytest

from fmtool.data.splitting.selection import held_out_for_test, select
from fmtool.errors import UsageError

# 400, 300, 200 and 100 labels of the classes 0 to 3, in a mixed order.
LABELS = np.repeat(np.arange(4, dtype=np.int32), [400, 300, 200, 100])[np.arange(1000) * 7 % 1000]


def draw(labels=LABELS, **changes):
    settings = {"validation_fraction": 0.1, "fraction": 1.0, "limit": None, "seed": 0}
    return select(labels, strata_count=4, **(settings | changes))


def counts(rows):
    return np.bincount(LABELS[rows], minlength=4).tolist()


def test_training_and_validation_share_no_sample_and_leave_none_out():
    selection = draw()
    together = np.concatenate([selection.train, selection.validation])
    assert np.array_equal(np.sort(together), np.arange(1000))


def test_every_class_keeps_its_share_in_both_parts():
    selection = draw()
    assert counts(selection.validation) == [40, 30, 20, 10]
    assert counts(selection.train) == [360, 270, 180, 90]


def test_shares_that_do_not_divide_go_to_the_largest_remainders():
    assert counts(draw(validation_fraction=0.0, limit=7).train) == [3, 2, 1, 1]


def test_rows_are_ascending_int32():
    selection = draw()
    for rows in (selection.train, selection.validation):
        assert rows.dtype == np.int32
        assert np.all(np.diff(rows) > 0)


def test_fraction_and_limit_apply_before_validation_is_held_out():
    assert [len(part) for part in (draw(fraction=0.5).train, draw(fraction=0.5).validation)] == [
        450,
        50,
    ]
    assert len(draw(fraction=0.5, limit=100).train) == 90
    assert len(draw(fraction=0.05, limit=100).train) == 45


def test_a_small_subset_is_part_of_a_larger_one():
    small, large = (draw(validation_fraction=0.0, fraction=share).train for share in (0.1, 0.2))
    assert set(small) < set(large)


def test_another_seed_draws_another_validation_part():
    assert set(draw(seed=0).validation) != set(draw(seed=1).validation)


def test_a_seed_of_64_bits_is_accepted():
    assert len(draw(seed=2**64 - 1).validation) == 100


def test_the_digest_tells_selections_apart():
    digests = {draw().digest, draw(seed=1).digest, draw(limit=999).digest}
    assert len(digests) == 3


def test_the_draw_never_changes():
    # A changed value here would silently change the data of every run that is repeated or resumed.
    assert draw().digest == "940da5c1ddc78162f187d02044d2ea14b35049c05dedca3ca3de7f79126ecde1"
    assert draw(limit=20).validation.tolist() == [614, 633]


def test_neither_hash_seed_nor_locale_changes_the_draw():
    code = (
        "import numpy as np; from fmtool.data.splitting.selection import select;"
        "print(select(np.arange(100, dtype=np.int32) % 5, strata_count=5, validation_fraction=0.2,"
        "fraction=0.5, limit=None, seed=3).digest)"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale},
            capture_output=True,
            check=True,
        ).stdout
        for seed, locale in (("1", "C"), ("2", "de_DE.UTF-8"))
    }
    assert len(digests) == 1


def test_without_validation_every_sample_trains():
    selection = draw(validation_fraction=0.0)
    assert len(selection.train) == 1000
    assert len(selection.validation) == 0


def test_a_class_too_rare_for_the_subset_is_no_error():
    assert counts(draw(validation_fraction=0.0, limit=3).train)[3] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fraction": 0.0001}, r"data\.fraction leaves none of the 1000 training samples"),
        ({"limit": 4}, r"validation_fraction=0\.1 of 4 samples leaves none to validate on"),
        (
            {"limit": 1, "validation_fraction": 0.9},
            r"validation_fraction=0\.9 of 1 sample leaves none to train on",
        ),
    ],
)
def test_a_part_that_would_be_empty_is_a_usage_error(changes, message):
    with pytest.raises(UsageError, match=message):
        draw(**changes)


def test_the_test_share_has_the_same_part_of_each_class_and_is_no_other_draw():
    rows = held_out_for_test(LABELS, strata_count=4, fraction=0.1)
    assert counts(rows) == [40, 30, 20, 10]
    assert not np.array_equal(rows, draw().validation)


def test_the_test_share_never_changes():
    rows = held_out_for_test(LABELS, strata_count=4, fraction=0.01)
    assert rows.tolist() == [78, 94, 118, 129, 159, 171, 256, 286, 663, 883]
