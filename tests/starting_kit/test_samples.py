"""The sample submissions: every proxy is one of them, and each is an example to read."""

from __future__ import annotations

import math
import random

import pytest
import torch

from tests.samples import FOLDERS, LATER, SAMPLES
from zcnas.benchmarks import get_benchmark
from zcnas.organiser.cli.options import FIRST_SAMPLES
from zcnas.proxies import PROXIES, evaluate
from zcnas.search_spaces import SEARCH_SPACES, Spec, build_network
from zcnas.submissions import find_submissions
from zcnas.submissions.roster import arrivals_beside
from zcnas.worker.contract import load_predictor, query_caller, to_score

OF_2022 = {"normalised_synflow", "normalised_fisher", "grad_norm_times_params"}
SCALES = {"params": 1e6}
"""What a sample's score is divided by to be the proxy's."""


SAMPLED = SEARCH_SPACES["nasbench201"].spec.sample(random.Random(11))
DEAD = SEARCH_SPACES["nasbench201"].spec.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")


def _network(spec: Spec = SAMPLED) -> torch.nn.Module:
    torch.manual_seed(3)
    return build_network(spec, get_benchmark("nasbench201_cifar10"))


def _minibatch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(6, 3, 8, 8, generator=generator), torch.tensor([0, 0, 1, 1, 2, 2])


def _score(name: str, spec: Spec = SAMPLED) -> float:
    network = _network(spec)
    torch.manual_seed(5)
    dataloader = [_minibatch()]  # a DataLoader would draw a random number
    return to_score(query_caller(load_predictor(SAMPLES / name), dataloader)(network))


def test_every_proxy_is_a_sample_and_so_are_random_entries_of_2022_and_later_proxies():
    names = {folder.name for folder in FOLDERS}
    assert names == {*PROXIES, "random", *OF_2022, *LATER}
    assert set(FIRST_SAMPLES) == {"nwot", "params", "synflow"}


@pytest.mark.parametrize("proxy", PROXIES)
def test_the_sample_of_a_proxy_returns_its_score(proxy):
    network = _network()
    torch.manual_seed(5)
    expected = evaluate(network, *_minibatch(), [proxy])[proxy]
    # plain is a small difference of large float32 numbers; jacov inverts small eigenvalues.
    tolerance = {"plain": 1e-2, "jacov": 1e-2}.get(proxy, 1e-4)
    assert _score(proxy) / SCALES.get(proxy, 1) == pytest.approx(expected, rel=tolerance)


@pytest.mark.parametrize("proxy", PROXIES)
def test_the_sample_of_a_proxy_returns_its_score_of_a_network_that_does_not_see_its_images(proxy):
    network = _network(DEAD)
    torch.manual_seed(5)
    expected = evaluate(network, *_minibatch(), [proxy])[proxy]
    assert _score(proxy, DEAD) / SCALES.get(proxy, 1) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize("name", sorted(OF_2022))
def test_the_entries_of_2022_give_a_finite_score_that_repeats(name):
    assert math.isfinite(_score(name))
    assert _score(name) == _score(name)


def test_every_sample_is_a_baseline_of_the_leaderboard():
    rows = arrivals_beside({SAMPLES: find_submissions(SAMPLES, print)}, print)
    assert {name for name, row in rows.items() if row.baseline} == {
        folder.name for folder in FOLDERS
    }


def test_random_depends_on_the_networks_seed_alone():
    assert _score("random") == _score("random")
    ask = query_caller(load_predictor(SAMPLES / "random"), None)
    torch.manual_seed(6)
    assert to_score(ask(_network())) != _score("random")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_sample_is_short_enough_to_be_read(folder):
    text = (folder / "predictor.py").read_text()
    assert len(text.splitlines()) <= 45
    assert text.startswith('"""')
