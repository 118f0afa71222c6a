"""When the step of a divergence is sought, and when what is known already has to do."""

import pytest

from fmtool.errors import Diverged
from fmtool.training.callbacks.divergence import pin_down
from fmtool.training.loop import Position


def diverged(first, last, epoch=2):
    return Diverged("loss became nan", details={"steps": [first, last], "epoch": epoch})


@pytest.mark.parametrize(
    ("error", "position", "seconds_per_step"),
    [
        (Diverged("loss became nan"), Position(10, 1), 0.1),
        (diverged(12, 12), Position(10, 1), 0.1),
        (diverged(11, 20), Position(10, 0), 0.1),
        (diverged(11, 20), Position(10, 2), 0.1),
        (diverged(11, 20), Position(10, 1), 6.1),
    ],
    ids=["steps unknown", "one step", "an epoch before", "an epoch after", "over a minute"],
)
def test_nothing_is_repeated_where_that_is_needless_or_impossible(
    error, position, seconds_per_step
):
    """There is no training to repeat here, so that an attempt at it would fail."""
    assert pin_down(error, None, None, position, seconds_per_step) is error


def test_a_range_of_steps_of_this_epoch_is_repeated():
    with pytest.raises(AttributeError, match="cfg"):
        pin_down(diverged(11, 20), None, None, Position(10, 1), 5.9)
