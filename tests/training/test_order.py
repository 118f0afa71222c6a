"""The order of samples is a permutation and a pure function of seed and epoch, for ever."""

import numpy as np

from fmtool.training.step.order import flip_coins, shuffled, uniforms

ROWS = np.arange(100, 1100, dtype=np.int32)


def test_an_order_is_a_permutation_of_the_same_type():
    order = shuffled(ROWS, seed=3, epoch=5)
    assert order.dtype == np.int32
    assert np.array_equal(np.sort(order), ROWS)
    assert not np.array_equal(order, ROWS)


def test_the_same_seed_and_epoch_give_the_same_order_whatever_came_before():
    first = shuffled(ROWS, seed=3, epoch=5)
    shuffled(ROWS, seed=3, epoch=6)
    np.random.default_rng(0).random(10)
    assert np.array_equal(shuffled(ROWS, seed=3, epoch=5), first)


def test_another_seed_or_epoch_gives_another_order():
    orders = {
        shuffled(ROWS, seed=seed, epoch=epoch).tobytes() for seed in range(5) for epoch in range(5)
    }
    assert len(orders) == 25


def test_the_first_orders_are_pinned():
    rows = np.arange(8, dtype=np.int32)
    assert shuffled(rows, seed=0, epoch=0).tolist() == [3, 5, 6, 0, 7, 1, 4, 2]
    assert uniforms(2, 2, seed=0, epoch=0).ravel().tolist() == [
        0.5957623720169067,
        0.3297744393348694,
        0.43914562463760376,
        0.7826168537139893,
    ]


def test_the_order_of_a_later_epoch_is_pinned():
    """A run that goes on under another release sees the samples that it would have seen."""
    rows = np.arange(8, dtype=np.int32)
    assert shuffled(rows, seed=7, epoch=5).tolist() == [6, 0, 7, 2, 3, 4, 5, 1]
    assert uniforms(1, 2, seed=7, epoch=5).ravel().tolist() == [
        0.8039523363113403,
        0.45083218812942505,
    ]


def test_the_largest_seed_has_an_order_too():
    assert len(shuffled(ROWS, seed=2**32 - 1, epoch=10**6)) == len(ROWS)


def test_uniforms_fill_the_unit_interval_evenly():
    draws = uniforms(20_000, 3, seed=1, epoch=0)
    assert draws.shape == (20_000, 3)
    assert draws.dtype == np.float32
    assert draws.min() >= 0
    assert draws.max() < 1
    assert abs(draws.mean() - 0.5) < 0.005
    counts, _ = np.histogram(draws, bins=10, range=(0, 1))
    assert np.all(np.abs(counts - 6000) < 400)


def test_order_and_augmentation_of_an_epoch_are_independent():
    order = shuffled(np.arange(1000, dtype=np.int32), seed=0, epoch=0)
    draws = uniforms(1000, 1, seed=0, epoch=0)[:, 0]
    assert abs(np.corrcoef(np.argsort(order), draws)[0, 1]) < 0.1


def test_half_of_the_images_are_flipped_in_the_first_epoch():
    coins = flip_coins(np.arange(50_000, dtype=np.int32), seed=0, epoch=0)
    assert coins.dtype == np.float32
    assert set(coins.tolist()) == {0.25, 0.75}
    assert abs((coins < 0.5).mean() - 0.5) < 0.01


def test_an_image_is_flipped_in_every_other_epoch():
    coins = [flip_coins(ROWS, seed=0, epoch=epoch) for epoch in range(4)]
    assert np.array_equal(coins[0], coins[2])
    assert np.array_equal(coins[1], coins[3])
    assert np.array_equal(coins[0], 1 - coins[1])


def test_the_coin_of_a_row_depends_neither_on_its_place_nor_on_the_other_rows():
    coins = flip_coins(ROWS, seed=5, epoch=2)
    assert np.array_equal(flip_coins(ROWS[::-1], seed=5, epoch=2), coins[::-1])
    assert np.array_equal(flip_coins(ROWS[7:9], seed=5, epoch=2), coins[7:9])


def test_another_seed_gives_other_coins():
    others = [flip_coins(ROWS, seed=seed, epoch=0).tobytes() for seed in range(5)]
    assert len(set(others)) == 5


def test_coins_do_not_follow_the_order_or_the_uniforms():
    rows = np.arange(10_000, dtype=np.int32)
    coins = flip_coins(rows, seed=0, epoch=0)
    draws = uniforms(10_000, 1, seed=0, epoch=0)[:, 0]
    places = np.argsort(shuffled(rows, seed=0, epoch=0))
    assert abs(np.corrcoef(coins, draws)[0, 1]) < 0.05
    assert abs(np.corrcoef(coins, places)[0, 1]) < 0.05


def test_the_first_coins_are_pinned():
    coins = flip_coins(np.arange(8, dtype=np.int32), seed=0, epoch=0)
    assert coins.tolist() == [0.75, 0.75, 0.25, 0.25, 0.75, 0.25, 0.75, 0.25]
