"""Dealt images: each exactly once, evenly, and each with the same chance of every hand."""

import numpy as np
import pytest

from fmtool.augment.stages.dealing import dealt

HANDS = 14


@pytest.fixture
def deal(on_arrays):
    return on_arrays(lambda order, offset: dealt(order, offset, hands=HANDS))


@pytest.mark.parametrize("count", [1, 5, 14, 64, 100])
def test_every_image_finds_itself_in_the_hands(deal, count):
    order = np.random.default_rng(0).random(count, dtype=np.float32)
    for offset in range(HANDS):
        numbers, places = deal(order, np.int32(offset))
        assert numbers.shape == (HANDS, -(-count // HANDS))
        np.testing.assert_array_equal(numbers.ravel()[places], np.arange(count))


@pytest.mark.parametrize("count", [14, 64, 100])
def test_hands_hold_the_same_number_of_images_give_or_take_one(deal, count):
    order = np.random.default_rng(0).random(count, dtype=np.float32)
    _, places = deal(order, np.int32(3))
    sizes = np.bincount(places // -(-count // HANDS), minlength=HANDS)
    assert set(sizes) <= {count // HANDS, -(-count // HANDS)}


@pytest.mark.parametrize("count", [1, 5, 20])
def test_over_all_offsets_each_place_in_the_order_gets_each_hand_once(deal, count):
    """With random ranks and offsets this makes every operation as likely for every image."""
    order = np.linspace(0, 0.9, count, dtype=np.float32)
    drawn = np.zeros((count, HANDS), int)
    for offset in range(HANDS):
        _, places = deal(order, np.int32(offset))
        drawn[np.arange(count), places // -(-count // HANDS)] += 1
    assert drawn.sum(axis=0).tolist() == [count] * HANDS


def test_the_hand_follows_the_rank_of_the_uniform(deal):
    order = np.random.default_rng(0).random(28, dtype=np.float32)
    _, places = deal(order, np.int32(0))
    np.testing.assert_array_equal(np.argsort(np.argsort(order)) // 2, places // 2)
