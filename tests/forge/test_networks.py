"""The small networks of forged datasets."""

import random

import pytest
import torch

from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces import build_network, get_search_space, parse_spec

# Three stages of 8, 16 and 32 channels, counted by hand. NAS-Bench-201 without operations: stem
# 3·8·9 + 16; two residual blocks of (8·16·9 + 32) + (16·16·9 + 32) + 8·16 and four times that
# without BatchNorm's; head 64; classifier 32·10 + 10.
EMPTY_CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
BLOCKS = (8 * 16 * 9 + 32 + 16 * 16 * 9 + 32 + 8 * 16) + (
    16 * 32 * 9 + 64 + 32 * 32 * 9 + 64 + 16 * 32
)
PARAMETERS = 3 * 8 * 9 + 16 + BLOCKS + 64 + 330


def test_a_small_network_has_the_parameters_counted_by_hand():
    benchmark = get_benchmark("nasbench201_forged_a")
    network = build_network(parse_spec("nasbench201", EMPTY_CELL), benchmark)
    assert sum(each.numel() for each in network.parameters()) == PARAMETERS


@pytest.mark.parametrize(
    "space", ["nasbench101", "nasbench201", "nasbench301", "transbench101_micro"]
)
@pytest.mark.parametrize("code", ["", "_s16c1k4w4n2"])
def test_every_space_builds_small_networks_that_learn(space, code):
    benchmark = get_benchmark(f"{space}_forged_a{code}")
    spec = get_search_space(space).spec.sample(random.Random(3))
    network = build_network(spec, benchmark)
    answer = network(torch.zeros(2, *benchmark.dataset.input_shape))
    assert answer.shape == (2, benchmark.dataset.num_classes)
    answer.sum().backward()
    assert all(each.grad is not None for each in network.parameters())


def test_a_stage_has_as_many_cells_as_the_name_says():
    spec = parse_spec("nasbench201", EMPTY_CELL)
    for code, cells in (("", 3 + 2), ("_n3", 9 + 2)):
        network = build_network(spec, get_benchmark(f"nasbench201_forged_a{code}"))
        assert len(network.cells) == cells
