"""The samples of proxies published since 2020, each held to its formula in another form."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces import SEARCH_SPACES, build_network
from zcnas.worker.contract import load_predictor, query_caller

SAMPLES = Path(__file__).parents[2] / "starting_kit" / "submissions"
PARSE = SEARCH_SPACES["nasbench201"].spec.parse
FULL = "+".join("|" + "|".join(f"nor_conv_3x3~{n}" for n in range(k)) + "|" for k in (1, 2, 3))


class Small(nn.Module):
    """Two hidden layers without BatchNorm, of which a second ReLU sees the first one's units."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.first = nn.Conv2d(3, 4, 3)
        self.second = nn.Conv2d(4, 5, 3, stride=2)
        self.head = nn.Linear(5, 3)
        self.relus = nn.ModuleList([nn.ReLU(), nn.ReLU()])

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 3)."""
        one = self.relus[0](self.first(images))
        answer: torch.Tensor = self.head(self.relus[1](self.second(one)).mean(dim=(2, 3)))
        return answer

    def get_loss_fn(self) -> nn.Module:
        """Return the cross-entropy."""
        return nn.CrossEntropyLoss()

    def layers(self) -> tuple[nn.Module, ...]:
        """Return the layers with weights."""
        return self.first, self.second, self.head


def batches(count: int = 2, size: int = 6) -> list[tuple[torch.Tensor, torch.Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.randn(size, 3, 8, 8, generator=generator), torch.arange(size) % 3)
        for _ in range(count)
    ]


def ask(name: str, network: nn.Module, data: list[tuple[torch.Tensor, torch.Tensor]]) -> float:
    answer = query_caller(load_predictor(SAMPLES / name), data)(network)
    return float(answer)


def relu_codes(network: Small, images: torch.Tensor) -> list[np.ndarray]:
    """Return for each ReLU layer which units (B, units) are active."""
    with torch.no_grad():
        one = network.first(images).clamp(min=0)
        two = network.second(one).clamp(min=0)
    return [(each > 0).flatten(1).numpy() for each in (one, two)]


def test_zico_is_the_log_of_the_summed_ratio_of_mean_size_and_half_difference():
    """For two minibatches the deviation of g and h is |g - h| / 2."""
    network, data = Small(), batches(3)
    gradients = []
    for inputs, targets in data[:2]:
        loss = nn.functional.cross_entropy(network(inputs), targets)
        weights = [layer.weight for layer in network.layers()]
        gradients.append([g.double().numpy() for g in torch.autograd.grad(loss, weights)])
    expected = 0.0
    for g, h in zip(*gradients, strict=True):
        live = g != h
        expected += math.log(((abs(g) + abs(h)) / abs(g - h))[live].sum())
    assert ask("zico", network, data) == pytest.approx(expected, rel=1e-4)


def test_zico_of_a_network_whose_gradients_do_not_vary_is_zero():
    same = batches(1) * 2
    assert ask("zico", Small(), same) == 0.0


@pytest.mark.parametrize("size", [5, 8, 64])
def test_swap_counts_the_different_columns_of_all_codes(size):
    network = Small()
    ((inputs, targets),) = batches(1, size)
    columns = {tuple(c) for codes in relu_codes(network, inputs) for c in codes.T.tolist()}
    assert ask("swap", network, [(inputs, targets)]) == len(columns)


def test_nwot_per_layer_adds_the_shares_of_units_on_which_images_agree():
    """The first layer has 144 units and the second 20; a sum over units would not weigh them."""
    network = Small()
    ((inputs, targets),) = batches(1)
    shares = np.zeros((6, 6))
    for codes in relu_codes(network, inputs):
        shares += (codes[:, None] == codes[None]).mean(axis=2)
    expected = np.log(np.linalg.eigvalsh(shares)).sum()
    assert ask("nwot_per_layer", network, [(inputs, targets)]) == pytest.approx(expected)


def test_meco_adds_the_smallest_eigenvalues_of_every_feature_maps_correlations():
    network, data = Small(), batches(1)
    image = data[0][0][:1]
    with torch.no_grad():
        maps = [network.first(image)]
        maps += [maps[0].clamp(min=0)]
        maps += [network.second(maps[1])]
        maps += [maps[2].clamp(min=0)]
    expected = 0.0
    for features in maps:
        channels = features[0].flatten(1).double().numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            correlations = np.nan_to_num(np.corrcoef(channels))
        expected += np.linalg.eigvals(correlations).real.min()
    assert ask("meco", network, data) == pytest.approx(expected, abs=1e-6)


def test_gradsign_of_a_linear_classifier_counts_agreeing_products():
    """The gradient of image n is (p_n - onehot_n) ⊗ x_n, so its sign is a product of signs."""

    class Linear(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.head = nn.Linear(192, 3)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            answer: torch.Tensor = self.head(images.flatten(1))
            return answer

        def get_loss_fn(self) -> nn.Module:
            return nn.CrossEntropyLoss()

    ((inputs, targets),) = batches(1)
    errors = torch.ones(6, 3)  # p > 0 everywhere, and p - 1 < 0 for the label
    errors[torch.arange(6), targets] = -1
    signs = torch.einsum("nk,nd->nkd", errors, inputs.flatten(1).sign())
    expected = signs.sum(0).abs().sum().item()
    assert ask("gradsign", Linear(), [(inputs, targets)]) == expected


def test_gradsign_is_greatest_when_every_image_is_the_same():
    network, ((inputs, targets),) = Small(), batches(1)
    same = (inputs[:1].expand(6, -1, -1, -1), targets[:1].expand(6))
    weights = sum(layer.weight.numel() for layer in network.layers())
    live = ask("gradsign", network, [same])
    assert live % 6 == 0
    assert ask("gradsign", network, [(inputs, targets)]) < live <= 6 * weights


def test_layers_counts_all_of_a_network_that_uses_all_of_them():
    """The stem, 15 cells of six convolutions, two reductions of three, and the classifier."""
    benchmark = get_benchmark("nasbench201_cifar10")
    assert ask("layers", build_network(PARSE(FULL), benchmark), batches(1)) == 98


def test_layers_leaves_out_what_the_output_does_not_depend_on():
    """Edge 0→1 ends nowhere: its convolution in each of the 15 cells gets no gradient."""
    cut = "|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|nor_conv_3x3~2|"
    benchmark = get_benchmark("nasbench201_cifar10")
    assert ask("layers", build_network(PARSE(cut), benchmark), batches(1)) == 98 - 15 * 4


def test_te_nas_has_the_condition_number_of_the_images_products_for_a_linear_network():
    """The summed logits' gradient is x_n in every row of the weights, so Θ = K · X Xᵀ."""

    class Linear(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(192, 3)

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            answer: torch.Tensor = self.head(images.flatten(1))
            return answer

    ((inputs, targets),) = batches(1)
    answer = query_caller(load_predictor(SAMPLES / "te_nas"), [(inputs, targets)])(Linear())
    rows = inputs.flatten(1).double().numpy()
    assert -answer["ntk"] == pytest.approx(np.linalg.cond(rows @ rows.T), rel=1e-4)


def test_te_nas_counts_images_of_equal_codes_once():
    network, ((inputs, targets),) = Small(), batches(1)
    twice = torch.cat([inputs, inputs[:2]])
    codes = np.concatenate(relu_codes(network, inputs), axis=1)
    different = len({tuple(row) for row in codes.tolist()})
    answer = query_caller(load_predictor(SAMPLES / "te_nas"), [(twice, targets)])(network)
    assert answer["regions"] == different


def test_te_nas_adds_ranks():
    answers = [
        {"ntk": -9.0, "regions": 5},
        {"ntk": -math.inf, "regions": 9},
        {"ntk": -1.0, "regions": 5},
    ]
    assert load_predictor(SAMPLES / "te_nas").combine(answers) == [3.5, 4.0, 4.5]


def test_az_nas_multiplies_ranks():
    names = ("expressivity", "progressivity", "trainability", "complexity")
    rows = [(1, 2, -math.inf, 3), (2, 5, 0.5, 3), (3, 4, 0.1, 4)]
    answers = [dict(zip(names, map(float, row), strict=True)) for row in rows]
    expected = [math.log(1 * 1 * 1 * 1.5), math.log(2 * 3 * 3 * 1.5), math.log(3 * 2 * 2 * 3)]
    combined = load_predictor(SAMPLES / "az_nas").combine(answers)
    assert combined == pytest.approx(expected)


def test_az_nas_parts_of_known_features():
    load_predictor(SAMPLES / "az_nas")
    parts = sys.modules["submitted.parts"]
    torch.manual_seed(0)
    white = torch.randn(8, 16, 16, 16)
    assert parts.entropy(white) == pytest.approx(math.log(16), abs=0.02)
    assert parts.entropy(white[:, :1].expand(-1, 16, -1, -1)) == pytest.approx(0, abs=1e-4)
    assert parts.entropy(torch.zeros(2, 3, 4, 4)) == -math.inf


@pytest.mark.parametrize(("scale", "expected"), [(1.0, 0.0), (2.0, -0.5), (0.25, -2.25)])
def test_az_nas_trainability_of_a_scaled_rotation_is_that_of_its_scale(scale, expected):
    load_predictor(SAMPLES / "az_nas")
    parts = sys.modules["submitted.parts"]
    torch.manual_seed(0)
    rotation = torch.linalg.qr(torch.randn(8, 8))[0] * scale
    before = torch.randn(64, 8, 64, 64, requires_grad=True)
    after = torch.einsum("oc,bchw->bohw", rotation, before)
    assert parts.trainability(before, after) == pytest.approx(expected, abs=0.1)


def test_az_nas_trainability_of_a_cell_that_does_nothing_is_minus_infinity():
    load_predictor(SAMPLES / "az_nas")
    before = torch.randn(2, 8, 4, 4, requires_grad=True)
    assert sys.modules["submitted.parts"].trainability(before, before * 1) == -math.inf
