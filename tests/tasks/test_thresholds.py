"""Thresholds: compared as logits, in the middle between samples, chosen by stated rules."""

import math

import numpy as np
import pytest
from scipy.special import expit, log_expit
from sklearn import metrics as oracle

from fmtool.errors import DataError
from fmtool.tasks.shared import thresholds
from fmtool.tasks.shared.ranking import cuts_of

RNG = np.random.default_rng(0)


def drawn(samples=300, levels=None, share=0.3):
    """Logits, float32, and which samples are of the class."""
    is_true = RNG.random(samples) < share
    logits = RNG.normal(size=samples) + 1.5 * is_true
    if levels:
        logits = np.round(logits * levels) / levels
    return logits.astype(np.float32), is_true


CASES = {
    "random": drawn(),
    "ties": drawn(levels=2),
    "all the same": (np.full(9, 0.25, np.float32), np.arange(9) < 4),
    "neighbours of float32": (
        np.array([1.0, np.nextafter(np.float32(1), np.float32(2))], np.float32),
        np.array([False, True]),
    ),
    "large": (np.array([-3e38, 5.0, 3e38], np.float32), np.array([False, True, True])),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    return request.param


def test_probabilities_and_losses_are_those_of_scipy():
    logits = np.array([-800, -40, -1.5, 0, 1.5, 40, 800], np.float32)
    np.testing.assert_allclose(
        thresholds.probabilities(logits), expit(logits.astype(float)), rtol=1e-14
    )
    for is_true in (np.ones(7, bool), np.zeros(7, bool)):
        signed = np.where(is_true, logits, -logits).astype(float)
        found = thresholds.cross_entropies(logits, is_true)
        np.testing.assert_allclose(found, -log_expit(signed), rtol=1e-12)
    assert thresholds.log_odds(0.5) == 0.0
    assert thresholds.log_odds(0.2) == np.float32(math.log(0.25))
    assert thresholds.probability(thresholds.log_odds(0.9)) == pytest.approx(0.9, rel=1e-7)


def test_every_choice_finds_what_it_says(case):
    logits, is_true = case
    found = thresholds.choices(cuts_of(logits, is_true))
    assert found.log_odds.astype(np.float32).tolist() == found.log_odds.tolist()
    for log_odds, hits, alarms in zip(found.log_odds, found.hits, found.false_alarms, strict=True):
        is_found = logits >= np.float32(log_odds)
        assert (hits, alarms) == (np.sum(is_found & is_true), np.sum(is_found & ~is_true))
    assert found.hits[0] == found.false_alarms[0] == 0
    assert found.hits[-1] + found.false_alarms[-1] == len(logits)
    assert found.misses.tolist() == (is_true.sum() - found.hits).tolist()


def test_a_threshold_lies_in_the_middle_between_two_samples_and_beyond_the_last_one_by_one():
    found = thresholds.choices(cuts_of(np.array([1, 3], np.float32), np.array([False, True])))
    assert found.log_odds.tolist() == [4, 2, 0]


def scored(logits, is_true, log_odds, **keys):
    return oracle.fbeta_score(is_true, logits >= log_odds, zero_division=0, **keys)


@pytest.mark.parametrize("beta", [0.5, 1.0, 3.0])
def test_no_threshold_has_a_higher_f_beta(case, beta):
    logits, is_true = case
    found = thresholds.choices(cuts_of(logits, is_true))
    scores = [scored(logits, is_true, each, beta=beta) for each in found.log_odds]
    chosen = thresholds.best_f_beta(found, beta)
    assert scores[chosen] == pytest.approx(max(scores), abs=1e-12)
    every = thresholds.f_beta(found.hits, found.false_alarms, found.misses, beta)
    np.testing.assert_allclose(every, scores, atol=1e-12)


@pytest.mark.parametrize("costs", [(1, 1), (10, 1), (0, 1), (1, 0), (1, 25)])
def test_no_threshold_is_cheaper(case, costs):
    logits, is_true = case
    found = thresholds.choices(cuts_of(logits, is_true))
    every = [
        costs[0] * np.sum(is_true & ~is_found) + costs[1] * np.sum(~is_true & is_found)
        for is_found in (logits >= each for each in found.log_odds)
    ]
    chosen = thresholds.cheapest(found, false_negative=costs[0], false_positive=costs[1])
    assert every[chosen] == min(every)
    assert every[:chosen] == [] or min(every[:chosen]) > every[chosen]


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 1.0])
def test_rates_are_kept_and_nothing_is_given_away(case, rate):
    logits, is_true = case
    found = thresholds.choices(cuts_of(logits, is_true))
    false_positive_rates, recalls = (each / each[-1] for each in (found.false_alarms, found.hits))
    place = thresholds.at_false_positive_rate(found, rate)
    assert false_positive_rates[place] <= rate
    assert recalls[place] == recalls[false_positive_rates <= rate].max()
    place = thresholds.at_recall(found, rate)
    assert recalls[place] >= rate
    assert place == 0 or recalls[place - 1] < rate


@pytest.mark.parametrize("value", [None, "1", True, float("nan"), math.inf])
def test_what_is_no_number_in_a_file_is_bad_data(value):
    with pytest.raises(DataError, match="log_odds of the task is"):
        thresholds.number_of({"log_odds": value}, "log_odds", math.isfinite)
