"""The sample of the track few-labels: a network that sees nothing spoils neither fit nor order."""

import importlib.util
import math

import pytest
import torch

from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces import build_network, parse_spec

BENCHMARK = get_benchmark("nasbench201_cifar10")
CELLS = [
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|skip_connect~1|+|skip_connect~0|nor_conv_1x1~1|skip_connect~2|",
    "|nor_conv_1x1~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|avg_pool_3x3~1|skip_connect~2|",
    "|skip_connect~0|+|none~0|skip_connect~1|+|nor_conv_1x1~0|none~1|avg_pool_3x3~2|",
    "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
]
BLIND = 3


@pytest.fixture(scope="module")
def networks():
    return [build_network(parse_spec("nasbench201", cell), BENCHMARK) for cell in CELLS]


@pytest.fixture(scope="module")
def fitted(repository, networks):
    path = repository / "starting_kit/few_labels/ridge/predictor.py"
    spec = importlib.util.spec_from_file_location("few_labels_ridge", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    predictor = module.ZeroCostPredictor()
    torch.manual_seed(0)
    batch = torch.randn(8, 3, 32, 32), torch.arange(8) % 10
    predictor.fit(networks, [93.0, 91.0, 80.0, 10.0], [batch])
    return predictor


def test_labelled_networks_keep_their_order_although_one_of_them_is_blind(fitted, networks):
    scores = [fitted.query(network) for network in networks[:BLIND]]
    assert scores == sorted(scores, reverse=True)
    assert all(math.isfinite(score) for score in scores)


def test_a_blind_network_ranks_last(fitted, networks):
    assert fitted.query(networks[BLIND]) == -math.inf
