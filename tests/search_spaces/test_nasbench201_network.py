import ast
import json
import random

import pytest
import torch
from torch import nn
from torch.nn import functional

from zcnas.benchmarks import BENCHMARKS, DATASETS, Benchmark
from zcnas.search_spaces import build_network
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

ALL_3X3 = NasBench201Spec(("nor_conv_3x3",) * 6)
CIFAR10 = BENCHMARKS["nasbench201_cifar10"]


def number_of_parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def expected_parameters(spec: NasBench201Spec, num_classes: int, channels_in: int) -> int:
    """Counted from the paper's description, layer by layer."""
    total = 9 * channels_in * 16 + 2 * 16  # stem and its BatchNorm
    for channels in (16, 32, 64):
        for op in spec.ops:
            size = {"nor_conv_3x3": 9, "nor_conv_1x1": 1}.get(op)
            if size is not None:
                total += 5 * (size * channels * channels + 2 * channels)
    for channels in (16, 32):  # reduction: two 3x3 with BatchNorm, one 1x1 shortcut without
        total += 9 * channels * 2 * channels + 2 * 2 * channels
        total += 9 * 2 * channels * 2 * channels + 2 * 2 * channels
        total += channels * 2 * channels
    return total + 2 * 64 + 64 * num_classes + num_classes


@pytest.mark.parametrize("key", [key for key in BENCHMARKS if key.startswith("nasbench201")])
@pytest.mark.parametrize("digits", ["333333", "000000", "222222", "123401"])
def test_parameters_are_as_the_paper_describes_the_layers(key, digits):
    spec = NasBench201Spec.from_digits(digits)
    dataset = BENCHMARKS[key].dataset
    network = build_network(spec, BENCHMARKS[key])
    expected = expected_parameters(spec, dataset.num_classes, dataset.input_shape[0])
    assert number_of_parameters(network) == expected


@pytest.mark.real_table
def test_parameters_equal_the_published_counts(data_folder):
    """On 60 architectures per dataset; `make verify-spaces` compares all 3,759."""
    published = json.loads((data_folder / "zc_nasbench201.json").read_text())
    compared = 0
    for name, architectures in published.items():
        benchmark = Benchmark("nasbench201", DATASETS[name])
        counted = sorted(numbers for numbers in architectures if "params" in architectures[numbers])
        for numbers in random.Random(0).sample(counted, 60):
            spec = NasBench201Spec.from_naslib(ast.literal_eval(numbers))
            with torch.device("meta"):
                count = number_of_parameters(build_network(spec, benchmark))
            expected = architectures[numbers]["params"]["score"]
            assert round(count / 1e6, 6) == round(expected, 6), numbers
            compared += 1
    assert compared == 6 * 60


def test_the_network_computes_what_the_drawing_of_the_cell_says():
    """One cell against the same operations applied by hand to its own layers."""
    torch.manual_seed(0)
    spec = NasBench201Spec.parse(
        "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"
    )
    network = build_network(spec, CIFAR10)
    cell = network.cells[0]
    features = torch.randn(2, 16, 8, 8)
    _, conv3, norm3 = cell.edges[0]
    _, conv1, norm1 = cell.edges[5]
    node1 = norm3(functional.conv2d(features.relu(), conv3.weight, padding=1))
    node2 = node1
    pooled = functional.avg_pool2d(features, 3, 1, 1, count_include_pad=False)
    node3 = pooled + norm1(functional.conv2d(node2.relu(), conv1.weight))
    torch.testing.assert_close(cell(features), node3)


@pytest.mark.parametrize("key", [key for key in BENCHMARKS if key.startswith("nasbench201")])
def test_logits_have_one_column_per_class_and_the_network_is_in_train_mode(key):
    dataset = BENCHMARKS[key].dataset
    network = build_network(ALL_3X3, BENCHMARKS[key])
    logits = network(torch.randn(2, *dataset.input_shape))
    assert logits.shape == (2, dataset.num_classes)
    assert network.training
    assert network.num_classes == dataset.num_classes


def test_every_parameter_has_a_gradient_even_in_a_cell_of_zeros():
    network = build_network(NasBench201Spec(("none",) * 6), CIFAR10)
    loss = network.get_loss_fn()(network(torch.randn(2, 3, 32, 32)), torch.tensor([1, 2]))
    loss.backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    def weights(seed):
        torch.manual_seed(seed)
        return build_network(ALL_3X3, CIFAR10).state_dict()

    first, again, other = weights(1), weights(1), weights(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["classifier.weight"], other["classifier.weight"])
