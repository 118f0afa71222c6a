"""Arrays with their channels first are named as such, wherever arrays are read."""

import numpy as np
import pytest

from fmtool.data.reading.channel_order import Order, is_transposed, order_of


@pytest.mark.parametrize(
    ("shape", "order"),
    [
        ((9, 3, 24, 24), Order.FIRST),
        ((9, 1, 28, 28), Order.FIRST),
        ((9, 4, 16, 20), Order.FIRST),
        ((9, 3, 5, 5), Order.FIRST),
        ((9, 3, 24, 5), Order.UNCERTAIN),
        ((9, 3, 6, 24), Order.UNCERTAIN),
        ((9, 24, 3, 24), Order.LAST),
        ((9, 24, 24, 3), Order.LAST),
        ((9, 3, 24, 3), Order.LAST),
        ((9, 3, 3, 3), Order.LAST),
        ((9, 24, 24, 24), Order.LAST),
        ((9, 2, 24, 24), Order.LAST),
    ],
)
def test_the_order_is_guessed_from_the_sides(shape, order):
    assert order_of(shape) == order


@pytest.mark.parametrize(
    ("shape", "expected", "is_it"),
    [
        ((5, 3, 8, 6), (8, 6, 3), True),
        ((5, 3, 8, 6), (None, None, 3), True),
        ((5, 4, 8, 6), (None, None, 3), False),
        ((5, 6, 8), (8, 6, 3), False),
    ],
)
def test_what_fits_once_the_channels_are_last(shape, expected, is_it):
    assert is_transposed(shape, expected) == is_it


@pytest.fixture
def arrays(fmtool):
    def write(shape):
        x = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        y = np.arange(shape[0]) % 2
        np.savez(fmtool.folder / "set.npz", x=x, y=y)
        return x, y

    return write


COMMANDS = {
    "check": ("data", "check", "arrays", "path=set.npz"),
    "inspect": ("data", "inspect", "path=set.npz"),
    "train": ("train", "data=arrays", "data.path=set.npz"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("storage", ["host", "stream"])
def test_channels_first_end_it_with_the_transpose_that_mends_them(
    call, fmtool, arrays, command, storage
):
    x, y = arrays((20, 3, 24, 24))
    argv = list(COMMANDS[command])
    if command != "inspect":
        argv.append(f"{'data.' if command == 'train' else ''}storage={storage}")
    outcome = call(*argv)
    assert outcome.code == 65
    assert outcome.err.splitlines()[-1] == (
        "error: set.npz: x of train is (20, 3, 24, 24), read as 3x24 pixels of 24 channels: its "
        "channels come first, and have to come last; fix: save x.transpose(0, 2, 3, 1)"
    )
    assert not fmtool.runs
    np.savez(fmtool.folder / "set.npz", x=x.transpose(0, 2, 3, 1), y=y)
    assert call(*COMMANDS["check"]).code == 0


def test_channels_that_may_come_first_are_a_warning(call, arrays):
    arrays((20, 3, 24, 6))
    outcome = call(*COMMANDS["check"])
    assert outcome.code == 0
    assert outcome.err.splitlines()[0] == (
        "warning: x of train is (20, 3, 24, 6), read as 3x24 pixels of 6 channels: if the channels "
        "come first, save x.transpose(0, 2, 3, 1)"
    )


def test_floats_with_channels_first_are_told_both_that_mends_them(call, fmtool):
    x, y = np.zeros((20, 3, 24, 24), np.float32), np.arange(20) % 2
    np.savez(fmtool.folder / "set.npz", x=x, y=y)
    outcome = call(*COMMANDS["check"])
    assert outcome.code == 65
    assert "save x.transpose(0, 2, 3, 1).astype('uint8'); else: " in outcome.error
    np.savez(fmtool.folder / "set.npz", x=x.transpose(0, 2, 3, 1), y=y)
    assert "save x.astype('uint8'); else: " in call(*COMMANDS["check"]).error
