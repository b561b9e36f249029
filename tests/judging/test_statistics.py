"""The bootstrap against SciPy on written-out resamples, and its promises by simulation."""

import numpy as np
import pytest
from scipy.stats import kendalltau

from zcnas.judging.metrics import kendall_tau
from zcnas.judging.statistics import (
    adjust_by_holm,
    draw_weights,
    first_probabilities,
    p_values,
    paired_differences,
    percentile_intervals,
    rank_groups,
    rank_scores,
    resample_taus,
    tau_interval,
)

DRAWS, N, RESAMPLES = 1000, 100, 2000


def simulate(rng, rho, draws=DRAWS, noise=None):
    """Return ranks (draws, N) of scores whose accuracies are 0 … N−1 in this order."""
    accuracies = np.sort(rng.standard_normal((draws, N)), axis=1)
    noise = rng.standard_normal((draws, N)) if noise is None else noise
    scores = rho * accuracies + np.sqrt(1 - rho**2) * noise
    return scores.argsort(axis=1).argsort(axis=1).astype(np.int32) + 1


def points(ranks):
    """Return the tau of every row: the resample that draws each architecture once."""
    return resample_taus(ranks, np.arange(N, dtype=float), np.ones((N, 1), np.float32))[:, 0]


@pytest.mark.parametrize("submissions", [3, 60], ids=["row by row", "shared products"])
def test_every_resample_has_the_tau_of_the_resample_written_out(submissions):
    rng = np.random.default_rng(submissions)
    n = 40
    accuracies = np.round(rng.normal(90, 2, n), 0)  # with ties
    scores = np.round(accuracies + rng.normal(0, 3, (submissions, n)), 0)
    scores[0, :5] = -np.inf
    rows = [[None if i % 7 == 3 else float(v) for i, v in enumerate(row)] for row in scores]
    ranks = np.stack([rank_scores(row) for row in rows])
    weights = draw_weights(n, 7, 50)
    assert (weights.sum(axis=0) == n).all()
    taus = resample_taus(ranks, accuracies, weights)
    for s in range(submissions):
        for r in range(0, 50, 7):
            drawn = np.repeat(np.arange(n), weights[:, r].astype(int))
            expected = kendalltau(ranks[s][drawn], accuracies[drawn])[0]
            assert taus[s, r] == pytest.approx(expected, abs=1e-6)


def test_the_ranks_are_those_the_score_is_counted_with():
    scores = [None, float("-inf"), 1.0, 1.0, float("inf"), None]
    assert list(rank_scores(scores)) == [0, 1, 2, 2, 3, 0]
    accuracies = [3.0, 1.0, 2.0, 5.0, 6.0, 4.0]
    once = np.ones((6, 1), np.float32)
    tau = resample_taus(rank_scores(scores)[None], np.array(accuracies), once)[0, 0]
    assert tau == pytest.approx(kendall_tau(scores, accuracies))


def test_scores_that_say_nothing_have_the_failure_tau_in_every_resample():
    ranks = rank_scores([None] * 10)[None]
    taus = resample_taus(ranks, np.arange(10.0), draw_weights(10, 1, 20), failure_tau=-0.25)
    assert set(taus.ravel().tolist()) == {-0.25}


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_the_interval_covers_the_true_tau_in_93_to_97_percent_of_draws(rho):
    ranks = simulate(np.random.default_rng(11), rho)
    truth = 2 / np.pi * np.arcsin(rho)  # of a bivariate normal
    taus = resample_taus(ranks, np.arange(N, dtype=float), draw_weights(N, 5, RESAMPLES))
    low, high = percentile_intervals(taus).T
    assert 0.93 <= ((low <= truth) & (truth <= high)).mean() <= 0.97


def test_the_interval_of_a_mean_over_benchmarks_covers_too():
    rng, rhos = np.random.default_rng(12), (0.2, 0.6, 0.9)
    mean = np.zeros((DRAWS, RESAMPLES))
    for number, rho in enumerate(rhos):
        weights = draw_weights(N, number, RESAMPLES)
        mean += resample_taus(simulate(rng, rho), np.arange(N, dtype=float), weights) / 3
    truth = np.mean(2 / np.pi * np.arcsin(rhos))
    low, high = percentile_intervals(mean).T
    assert 0.93 <= ((low <= truth) & (truth <= high)).mean() <= 0.97


@pytest.mark.parametrize("shared", [0.0, 0.8], ids=["independent errors", "shared errors"])
def test_the_paired_interval_of_equal_predictors_contains_zero_in_93_to_97_percent(shared):
    rng = np.random.default_rng(13)
    common, accuracies = rng.standard_normal((2, DRAWS, N))
    accuracies.sort(axis=1)
    weights = draw_weights(N, 6, RESAMPLES)
    taus, scores = [], []
    for _ in range(2):
        own = rng.standard_normal((DRAWS, N))
        noise = np.sqrt(shared) * common + np.sqrt(1 - shared) * own
        ranks = (0.5 * accuracies + noise).argsort(axis=1).argsort(axis=1).astype(np.int32)
        taus.append(resample_taus(ranks, np.arange(N, dtype=float), weights))
        scores.append(points(ranks))
    contains = 0
    for draw in range(DRAWS):
        pair = np.stack([taus[0][draw], taus[1][draw]])
        values = np.array([scores[0][draw], scores[1][draw]], dtype=float)
        contains += p_values(*paired_differences(values, pair, 0))[1] >= 0.05
    assert 0.93 <= contains / DRAWS <= 0.97


def test_the_same_seed_gives_the_same_interval_and_another_seed_another():
    rng = np.random.default_rng(3)
    accuracies = rng.normal(size=60).tolist()
    scores = (np.array(accuracies) + rng.normal(size=60)).tolist()
    first = tau_interval(scores, accuracies, 1, resamples=1000)
    assert first == tau_interval(scores, accuracies, 1, resamples=1000)
    assert first != tau_interval(scores, accuracies, 2, resamples=1000)
    assert first[0] < kendall_tau(scores, accuracies) < first[1]


def test_the_percentile_interval_leaves_out_as_many_below_as_above():
    resampled = np.random.default_rng(0).permutation(1000)[None].astype(float)
    assert percentile_intervals(resampled).tolist() == [[24.0, 975.0]]  # 24 on either side


def test_holm_multiplies_the_smallest_by_m_the_next_by_m_minus_one_and_keeps_the_order():
    adjusted = adjust_by_holm(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted.tolist() == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert adjust_by_holm(np.array([0.6, 0.9])).tolist() == [1.0, 1.0]


def test_a_group_holds_what_cannot_be_told_from_its_leader_and_the_first_that_can_opens_the_next():
    rng = np.random.default_rng(0)
    scores = np.array([0.60, 0.59, 0.50, 0.495, 0.20])
    resampled = scores[:, None] + rng.normal(0, 0.01, (5, 4000))
    assert rank_groups(scores, resampled) == [1, 1, 2, 2, 3]


def test_differences_are_paired_so_shared_errors_do_not_blur_them():
    rng = np.random.default_rng(0)
    scores = np.array([0.60, 0.59])
    shared = rng.normal(0, 0.1, 4000)
    resampled = scores[:, None] + shared + rng.normal(0, 0.001, (2, 4000))
    assert rank_groups(scores, resampled) == [1, 2]


def test_identical_predictions_share_a_group_however_exact_the_comparison():
    resampled = np.tile(np.linspace(0, 1, 100), (3, 1))
    assert rank_groups(np.array([0.5, 0.5, 0.5]), resampled) == [1, 1, 1]


def test_many_entries_can_still_be_told_apart():
    """Holm over 500 entries asks for p below 0.0001, finer than one in 10,000 resamples."""
    rng = np.random.default_rng(0)
    scores = np.r_[0.9, np.linspace(0.5, 0.4, 500)]
    resampled = scores[:, None] + rng.normal(0, 0.02, (501, 500))
    assert rank_groups(scores, resampled)[:2] == [1, 2]


def test_the_probability_of_being_first_is_the_share_of_resamples_and_ties_are_split():
    resampled = np.array([[3.0, 1.0, 2.0, 2.0], [1.0, 3.0, 2.0, 1.0]])
    assert first_probabilities(resampled).tolist() == [0.625, 0.375]
