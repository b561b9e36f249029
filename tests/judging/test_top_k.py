"""The top of an order in resamples, against the plain measures on the resample written out."""

import numpy as np
import pytest

from zcnas.judging.secondary_metrics import best_of_top, ndcg, top_k, top_k_precision
from zcnas.judging.statistics import draw_weights, rank_scores
from zcnas.judging.top_k import MEASURES, TRAINED, ResampledTop, TopMeasures, measure_top


def written_out(ranks, accuracies, weights):
    """Return a resample as arrays in which every copy is an architecture of its own."""
    copies = np.repeat(np.arange(len(ranks)), weights.astype(int))
    return ranks[copies], accuracies[copies]


def copies_are_parted(truth, k):
    """Whether the k-th place of a resample falls between copies of an accuracy that one has."""
    ordered = np.sort(truth)[::-1]
    return ordered[k - 1] == ordered[k]


@pytest.mark.parametrize("levels", [2, 4, 60], ids=lambda n: f"{n} distinct scores")
@pytest.mark.parametrize("distinct", [3, 60], ids=lambda n: f"{n} distinct accuracies")
def test_a_resample_gives_what_the_plain_measures_give_on_its_copies(levels, distinct):
    rng = np.random.default_rng(levels * distinct)
    accuracies = rng.integers(distinct, size=60) + 0.25
    ranks = rank_scores((rng.integers(levels, size=60) / levels).tolist())
    weights = draw_weights(60, 7, 40)
    found = ResampledTop(accuracies, weights).of(ranks)
    for column in range(40):
        own, truth = written_out(ranks, accuracies, weights[:, column])
        places = np.unique(truth, return_inverse=True)[1].astype(np.int32)
        k = top_k(60)
        if not copies_are_parted(truth, k):
            assert found[0, column] == pytest.approx(top_k_precision(own, places, k))
        assert found[1, column] == pytest.approx(ndcg(own, truth, k))
        assert found[2, column] == pytest.approx(best_of_top(own, truth, TRAINED))
        assert found[3, column] == pytest.approx(truth.max() - found[2, column])


def test_the_right_order_finds_the_best_and_the_reverse_finds_the_worst():
    accuracies = np.arange(100.0)
    right, wrong = np.arange(100, dtype=np.int32), np.arange(100, dtype=np.int32)[::-1]
    assert measure_top(right, accuracies) == {
        "precision": 1.0, "ndcg": 1.0, "best": 99.0, "regret": 0.0,
    }  # fmt: skip
    found = measure_top(wrong, accuracies)
    assert (found["precision"], found["best"], found["regret"]) == (0.0, 9.0, 90.0)


def test_a_perfect_order_is_perfect_in_every_resample():
    ranks = np.arange(50, dtype=np.int32)
    found = ResampledTop(ranks.astype(float), draw_weights(50, 1, 200)).of(ranks)
    assert found[0] == pytest.approx(1)
    assert found[1] == pytest.approx(1)
    assert found[3] == pytest.approx(0)


def test_intervals_hold_the_value_of_a_noisy_predictor_and_the_mean_is_narrower():
    rng = np.random.default_rng(3)
    accuracies = rng.normal(size=(4, 100))
    ranks = [rank_scores((row + rng.normal(size=100)).tolist()) for row in accuracies]
    top = TopMeasures(1, 4, 500)
    for column, (own, truth) in enumerate(zip(ranks, accuracies, strict=True)):
        top.add(column, own[None], truth, draw_weights(100, column, 500))
    found = top.measured()
    assert tuple(found) == MEASURES
    ndcgs = found["ndcg"]
    assert (ndcgs.intervals[0, :, 0] < ndcgs.values[0]).all()
    assert (ndcgs.values[0] < ndcgs.intervals[0, :, 1]).all()
    widths = np.ptp(ndcgs.intervals[0], axis=1)
    assert np.ptp(ndcgs.mean_intervals[0]) < widths.mean()
