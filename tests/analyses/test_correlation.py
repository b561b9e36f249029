import math

import numpy as np
import pytest
import scipy.stats

from zcnas.analyses.correlation import (
    effective_size,
    kendall_interval,
    pearson,
    spearman,
    spearman_interval,
)

RNG = np.random.default_rng(3)


@pytest.fixture(params=[0, 1])
def pair(request):
    rng = np.random.default_rng(request.param)
    x = rng.normal(size=60).round(1)  # with ties
    return x, x + rng.normal(size=60).round(1)


def test_without_weights_both_are_scipys(pair):
    assert spearman(*pair) == pytest.approx(scipy.stats.spearmanr(*pair).statistic)
    assert pearson(*pair) == pytest.approx(scipy.stats.pearsonr(*pair).statistic)


def test_a_weight_of_three_is_the_observation_three_times(pair):
    x, y = pair
    weights = np.resize([1.0, 3.0, 2.0], 60)
    repeated = [np.repeat(values, weights.astype(int)) for values in pair]
    assert spearman(x, y, weights) == pytest.approx(scipy.stats.spearmanr(*repeated).statistic)
    assert pearson(x, y, weights) == pytest.approx(scipy.stats.pearsonr(*repeated).statistic)


def test_a_constant_has_no_correlation():
    assert math.isnan(spearman(np.ones(12), np.arange(12.0)))
    assert math.isnan(pearson(np.arange(12.0), np.ones(12)))


def test_equal_weights_lose_nothing_and_one_heavy_observation_is_worth_one():
    assert effective_size(np.full(50, 0.3)) == pytest.approx(50)
    assert effective_size(np.array([1e9, *np.ones(49)])) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("interval", "statistic"),
    [(spearman_interval, scipy.stats.spearmanr), (kendall_interval, scipy.stats.kendalltau)],
)
def test_95_of_100_intervals_hold_the_true_correlation(interval, statistic):
    # Of a bivariate normal with r = 0.6: rho = 6/π · asin(r/2), tau = 2/π · asin(r).
    true = {
        scipy.stats.spearmanr: 6 / math.pi * math.asin(0.3),
        scipy.stats.kendalltau: 2 / math.pi * math.asin(0.6),
    }[statistic]
    held = 0
    for _ in range(300):
        x, noise = RNG.normal(size=(2, 100))
        low, high = interval(float(statistic(x, 0.6 * x + 0.8 * noise).statistic), 100)
        held += low <= true <= high
    assert 0.91 <= held / 300 <= 0.985
