"""A graph network that orders architectures, and ProxyBO's weights."""

import dataclasses
import random

import numpy as np
import pytest

from zcnas.errors import SearchError
from zcnas.searches.algorithms.proxybo import concordance
from zcnas.searches.plans import make_plan
from zcnas.searches.trials import run_trial

KEY = "nasbench201_cifar10"


@pytest.fixture(scope="module")
def network(arena):
    pytest.importorskip("torch", reason="pip install 'zcnas[run]'")
    from zcnas.searches.surrogates.graph_network import GraphNetwork

    return GraphNetwork(arena.candidates.graphs)


def test_a_graph_network_orders_cells_it_has_not_seen(arena, network):
    places = np.random.default_rng(1).choice(len(arena), 60, replace=False)
    scores = network.rank(places, arena.validation[places], random.Random(0))
    rest = np.setdiff1d(np.arange(len(arena)), places)
    assert concordance(scores[rest], arena.validation[rest]) > 0.9
    shuffled = np.random.default_rng(2).permutation(arena.validation[places])
    scores = network.rank(places, shuffled, random.Random(0))
    assert concordance(scores[rest], arena.validation[rest]) < 0.75


def test_a_graph_network_depends_on_its_seed_alone(arena, network):
    places = np.arange(0, 40)
    first, same, other = (
        network.rank(places, arena.validation[places], random.Random(seed)) for seed in (0, 0, 1)
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


def test_concordance_is_the_share_of_pairs_in_order():
    truth = np.array([1.0, 2.0, 3.0, 4.0])
    assert concordance(truth, truth) == 1
    assert concordance(-truth, truth) == 0
    assert concordance(np.zeros(4), truth) == 0.5
    assert concordance(np.array([1.0, 2.0, 4.0, 3.0]), truth) == pytest.approx(5 / 6)
    assert concordance(np.array([-np.inf, -np.inf, 1.0, np.inf]), truth) == pytest.approx(5.5 / 6)


def test_proxybo_trusts_the_proxy_that_orders_the_trained_models(arena):
    pytest.importorskip("xgboost", reason="pip install 'zcnas[research]'")
    ends = {}
    for names in (("perfect", "reversed"), ("constant", "reversed")):
        own = dataclasses.replace(arena, columns={n: arena.columns[n] for n in names})
        plan = make_plan(KEY, "proxybo", models=16, features="zc")
        ends[names] = np.mean([run_trial(plan, own, n).incumbents[-1].test for n in range(2)])
    assert ends["perfect", "reversed"] > ends["constant", "reversed"]


def test_a_step_of_proxybo_asks_for_the_scores_of_a_hundred_candidates(arena):
    pytest.importorskip("xgboost", reason="pip install 'zcnas[research]'")
    own = dataclasses.replace(arena, columns={"good": arena.columns["good"]})
    trial = run_trial(make_plan(KEY, "proxybo", models=11, features="zc"), own, 0)
    assert trial.proxy_evaluations == 100 + 10  # one step, and the random models before it


def test_proxybo_without_a_proxy_is_refused(arena):
    own = dataclasses.replace(arena, columns={})
    with pytest.raises(SearchError, match="weighs proxies and was given none; write --features zc"):
        run_trial(make_plan(KEY, "proxybo"), own, 0)
