"""ROC, precision and recall against scikit-learn, of one column of scores and of several."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from fmtool.tasks.shared import ranking
from fmtool.tasks.shared.ranking import Scores, cuts_of

RNG = np.random.default_rng(0)
TRUTH = RNG.random(500) < 0.3
CASES = {
    "random": (RNG.random(500), TRUTH),
    "tied": (RNG.integers(0, 4, 500) / 4, TRUTH),
    "all the same": (np.full(500, 0.5), TRUTH),
    "perfect": (TRUTH * 0.5 + RNG.random(500) / 4, TRUTH),
    "upside down": (1 - TRUTH * 1.0, TRUTH),
    "one of the class": (RNG.random(500), np.arange(500) == 7),
    "two samples": (np.array([0.1, 0.9]), np.array([True, False])),
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    scores, is_true = request.param
    return scores.astype(np.float32), is_true


def test_the_areas_are_those_of_scikit_learn(case):
    scores, is_true = case
    cuts = cuts_of(scores, is_true)
    expected = oracle.roc_auc_score(is_true, scores)
    assert ranking.roc_auc(cuts) == pytest.approx(expected, abs=1e-12)
    expected = oracle.average_precision_score(is_true, scores)
    assert ranking.average_precision(cuts) == pytest.approx(expected, abs=1e-12)


def test_the_curves_are_those_of_scikit_learn(case):
    scores, is_true = case
    cuts = cuts_of(scores, is_true)
    fpr, tpr, _ = oracle.roc_curve(is_true, scores, drop_intermediate=False)
    x, y = ranking.roc_points(cuts)
    assert set(zip(x.tolist(), y.tolist(), strict=True)) <= set(
        zip(fpr.tolist(), tpr.tolist(), strict=True)
    )
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    precision, recall, _ = oracle.precision_recall_curve(is_true, scores)
    x, y = ranking.precision_recall_points(cuts)
    known = set(zip(recall.tolist(), precision.tolist(), strict=True))
    assert set(zip(x.tolist(), y.tolist(), strict=True)) <= known
    assert len(x) <= 400


def test_the_best_threshold_is_where_f1_is_highest(case):
    scores, is_true = case
    chosen = ranking.best_f1_threshold(cuts_of(scores, is_true))
    f1 = {each: oracle.f1_score(is_true, scores >= each) for each in np.unique(scores)}
    assert oracle.f1_score(is_true, scores >= chosen) == pytest.approx(max(f1.values()), abs=1e-12)


def test_without_samples_of_the_class_or_of_others_there_is_no_area():
    nothing = cuts_of(np.zeros(0), np.zeros(0, bool))
    for cuts, why in (
        (nothing, "the split has no sample of this class"),
        (cuts_of(np.ones(3), np.zeros(3, bool)), "the split has no sample of this class"),
        (cuts_of(np.ones(3), np.ones(3, bool)), "the split has no sample of another class"),
    ):
        assert cuts.undefined == why
        assert ranking.roc_auc(cuts) is ranking.average_precision(cuts) is None
    assert ranking.best_f1_threshold(nothing) is None


def test_one_column_and_a_matrix_give_the_same_cuts():
    matrix, truth = RNG.random((200, 3)), RNG.random((200, 3)) < 0.5
    together = Scores(3)
    for first in range(0, 200, 30):
        together.add(matrix[first : first + 30], truth[first : first + 30])
    for column, cuts in enumerate(together.cuts()):
        alone = Scores(1)
        alone.add(matrix[:, column], truth[:, column])
        (expected,) = alone.cuts()
        for name in ("thresholds", "hits", "false_alarms"):
            assert np.array_equal(getattr(cuts, name), getattr(expected, name))


@pytest.mark.parametrize("batch", [100, 20_000])
def test_counted_in_bins_areas_are_close_and_memory_is_bounded(batch):
    truth = RNG.random((20_000, 2)) < [0.5, 0.02]
    odds = RNG.normal(size=truth.shape) * 3 + truth * 2
    scores = (1 / (1 + np.exp(-odds))).astype(np.float32)
    exact, counted = Scores(2), Scores(2, max_bytes=1 << 17)
    for first in range(0, len(truth), batch):
        some = slice(first, first + batch)
        exact.add(scores[some], truth[some])
        counted.add(scores[some], truth[some])
    assert (exact.bins, counted.bins) == (None, 4096)
    for one, other in zip(exact.cuts(), counted.cuts(), strict=True):
        assert (one.positives, one.negatives) == (other.positives, other.negatives)
        assert ranking.roc_auc(other) == pytest.approx(ranking.roc_auc(one), abs=1e-4)
        expected = ranking.average_precision(one)
        assert ranking.average_precision(other) == pytest.approx(expected, abs=2e-3)


def test_scores_of_zero_and_one_have_a_bin():
    counted = Scores(1, max_bytes=1)
    counted.add(np.array([0.0, 1.0, 1.0, 0.5]), np.array([0, 1, 1, 0]))
    (cuts,) = counted.cuts()
    assert cuts.hits.tolist() == [2, 2, 2]
    assert cuts.false_alarms.tolist() == [0, 1, 2]
    assert ranking.roc_auc(cuts) == 1
