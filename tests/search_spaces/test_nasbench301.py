import random

import pytest
import torch

from zcnas.benchmarks import DATASETS
from zcnas.errors import InvalidArchitecture
from zcnas.search_spaces.nasbench301.network import build
from zcnas.search_spaces.nasbench301.spec import OPS, NasBench301Spec

SKIP = "|skip_connect~0|skip_connect~1|"
ALL_SKIP = "+".join([SKIP] * 4)
CIFAR10 = DATASETS["cifar10"]


def _parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def _cells(op):
    cell = "+".join([f"|{op}~0|{op}~1|"] * 4)
    return NasBench301Spec.parse(f"{cell};{cell}")


def test_naslib_and_genotype_describe_the_same_cells_in_any_order_within_a_node():
    # The first node's edges are swapped, (1, 3) before (0, 2).
    compact = ((1, 3), (0, 2), (0, 4), (2, 0), (1, 5), (3, 6), (4, 1), (0, 2))
    spec = NasBench301Spec.from_naslib((compact, compact))
    genotype = [(OPS[op], source) for source, op in compact]
    assert NasBench301Spec.from_genotype(genotype, genotype) == spec
    assert str(spec).startswith("|skip_connect~0|sep_conv_3x3~1|+|sep_conv_5x5~0|max_pool_3x3~2|")
    assert NasBench301Spec.from_naslib(spec.to_naslib()) == spec


def test_a_node_draws_each_pair_of_sources_and_each_operation():
    rng = random.Random(0)
    specs = [NasBench301Spec.sample(rng) for _ in range(600)]
    last = {(spec.normal[6][1], spec.normal[7][1]) for spec in specs}
    assert last == {(a, b) for b in range(5) for a in range(b)}
    assert {op for spec in specs for op, _ in spec.reduction} == set(OPS)


def test_there_are_120_neighbours():
    """Per cell 8 · 6 other operations and 2 · (0 + 1 + 2 + 3) other sources."""
    assert len(list(NasBench301Spec.sample(random.Random(0)).neighbours())) == 120


def test_parameters_of_a_cell_of_skips_follow_from_the_widths():
    """Skips have parameters only in reductions, as two halves of a 1×1 convolution."""

    def conv_bn(channels_in, channels_out):
        return channels_in * channels_out + 2 * channels_out

    stem = 3 * 9 * 96 + 2 * 96
    entries = [(96, 32), (96, 32), (96, 32), (128, 32), (128, 64), (128, 64)]
    entries += [(128, 64), (256, 64), (256, 64), (256, 64), (256, 128), (256, 128)]
    entries += [(256, 128), (512, 128), (512, 128), (512, 128)]
    reductions = 8 * (64 * 64 + 128 * 128)
    expected = stem + sum(conv_bn(*pair) for pair in entries) + reductions + 512 * 10 + 10
    assert _parameters(build(_cells("skip_connect"), CIFAR10)) == expected


@pytest.mark.parametrize(
    ("op", "kernel", "repeats"),
    [
        ("sep_conv_3x3", 9, 2),
        ("sep_conv_5x5", 25, 2),
        ("dil_conv_3x3", 9, 1),
        ("dil_conv_5x5", 25, 1),
    ],
)
def test_separable_convolutions_cost_a_depthwise_and_a_pointwise_part(op, kernel, repeats):
    pools = _parameters(build(_cells("max_pool_3x3"), CIFAR10))
    edges = 8 * repeats
    widths = [32, 32, 64, 64, 64, 128, 128, 128]
    assert _parameters(build(_cells(op), CIFAR10)) - pools == sum(
        edges * (kernel * width + width * width) for width in widths
    )


def test_the_auxiliary_classifier_has_the_documented_size_and_takes_features():
    spec = _cells("skip_connect")
    with_it = build(spec, CIFAR10, auxiliary=True)
    assert _parameters(with_it) - _parameters(build(spec, CIFAR10)) == 468_234
    assert with_it.auxiliary(torch.zeros(2, 512, 8, 8)).shape == (2, 10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{ALL_SKIP};{ALL_SKIP}".replace("skip_connect~1", "none~1"), r"unknown .* 'none'; known"),
        (f"{ALL_SKIP};{SKIP}", r"reduction cell has 8 edges, not 2"),
        (f"{ALL_SKIP}+{SKIP};{ALL_SKIP}", r"normal cell has 8 edges, not 10"),
        (f"{ALL_SKIP};{ALL_SKIP}".replace("~1", "~0"), r"node 2 .* sources 0 and 0; allowed"),
        (
            f"{ALL_SKIP};{ALL_SKIP}".replace("~1", "~7"),
            r"sources 0 and 7; .*from 0 to 1",
        ),
        (ALL_SKIP, r"is not a nasbench301 architecture; the form is"),
    ],
)
def test_a_genotype_outside_the_space_is_refused_with_the_reason(text, message):
    with pytest.raises(InvalidArchitecture, match=message):
        NasBench301Spec.parse(text)


@pytest.mark.parametrize("cells", [(), (((0, 1),),), (((0, 7),) * 8,) * 2, (((0, 1, 2),) * 8,) * 2])
def test_another_form_than_naslibs_is_refused(cells):
    with pytest.raises(InvalidArchitecture, match=r"allowed are two cells of 8 pairs"):
        NasBench301Spec.from_naslib(cells)
