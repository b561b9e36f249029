"""What blueprints make is what constructors make: classes, attributes, weights, generator."""

import random

import pytest
import torch
from torch import nn

from zcnas.benchmarks import BENCHMARKS
from zcnas.search_spaces import SEARCH_SPACES, blueprints, build_network, prepare_to_build
from zcnas.search_spaces.blueprints import construct, drawn_later, fresh_copies
from zcnas.search_spaces.layers import FactorizedReduce, ReluConvBn
from zcnas.search_spaces.nasbench201.network import Cell
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec


def make() -> nn.Module:
    return nn.Sequential(
        Cell(NasBench201Spec.from_digits("324123"), 8),
        nn.Conv2d(8, 4, 3),
        nn.BatchNorm2d(4),
        nn.Flatten(),
        nn.Linear(4, 2),
    )


def test_fresh_copies_have_the_weights_that_constructing_them_would_give():
    torch.manual_seed(4)
    copies = list(fresh_copies(make(), 3))
    torch.manual_seed(4)
    constructed = [make() for _ in range(3)]
    for copy, plain in zip(copies, constructed, strict=True):
        assert list(copy.state_dict()) == list(plain.state_dict())
        for name, value in plain.state_dict().items():
            assert torch.equal(copy.state_dict()[name], value), name


def test_fresh_copies_share_nothing_that_can_be_changed():
    first, second = fresh_copies(make(), 2)
    for one, other in zip(first.modules(), second.modules(), strict=True):
        assert one is not other
        for name, value in one.__dict__.items():
            if isinstance(value, dict | set):
                assert value is not other.__dict__[name], name
    pointers = {tensor.data_ptr() for tensor in first.state_dict().values()}
    assert not pointers & {tensor.data_ptr() for tensor in second.state_dict().values()}
    first[1].register_forward_hook(lambda module, args, output: output * 0)
    assert not second[1]._forward_hooks


def test_fresh_copies_are_of_pytorchs_own_types():
    copy = list(fresh_copies(make(), 2))[1]
    assert [type(layer) for layer in copy] == [
        Cell,
        nn.Conv2d,
        nn.BatchNorm2d,
        nn.Flatten,
        nn.Linear,
    ]


LAYERS = [
    (nn.Conv2d, 4, 6, 3, 2, 1),
    (nn.Linear, 5, 3),
    (nn.BatchNorm2d, 4, 1e-3, 0.003),
    (ReluConvBn, 4, 8, 3, 2),
    (ReluConvBn, 4, 8, 1, 1, False),
    (FactorizedReduce, 4, 7),
]


@pytest.mark.parametrize(("kind", "arguments"), [(each[0], each[1:]) for each in LAYERS])
def test_a_blueprint_makes_what_the_constructor_makes(kind, arguments):
    for _ in range(2):  # with the first one's blueprint as well
        torch.manual_seed(3)
        made = construct(kind, *arguments)
        after = torch.get_rng_state()
        torch.manual_seed(3)
        plain = kind(*arguments)
        assert torch.equal(after, torch.get_rng_state())
        assert repr(made) == repr(plain)
        for one, other in zip(made.modules(), plain.modules(), strict=True):
            assert type(one) is type(other)
            assert list(vars(one)) == list(vars(other))
            for name, value in vars(other).items():
                if not isinstance(value, dict):
                    assert vars(one)[name] == value, name
        for (name, one), other in zip(
            made.state_dict().items(), plain.state_dict().values(), strict=True
        ):
            assert torch.equal(one, other), name
            assert one.dtype == other.dtype, name


def test_what_a_blueprint_makes_follows_torchs_default_dtype():
    construct(ReluConvBn, 3, 3, 1)
    torch.set_default_dtype(torch.float64)
    try:
        made = construct(ReluConvBn, 3, 3, 1)
    finally:
        torch.set_default_dtype(torch.float32)
    dtypes = {name: value.dtype for name, value in made.state_dict().items()}
    assert dtypes.pop("2.num_batches_tracked") is torch.int64
    assert set(dtypes.values()) == {torch.float64}


@pytest.mark.parametrize("count", [0, 1, 2, 8191, 8192, 8193, 20_000, 20_001])
def test_put_off_draws_leave_the_generator_where_drawing_would(count):
    torch.manual_seed(9)
    torch.empty(count).uniform_()
    expected = torch.get_rng_state()
    torch.manual_seed(9)
    blueprints._skip(count)
    assert torch.equal(torch.get_rng_state(), expected)


class Forgetful(dict):
    """Blueprints that are never found again: every constructor is called each time."""

    def get(self, key):
        return None


@pytest.mark.parametrize(
    "key",
    [
        "nasbench101_cifar10",
        "nasbench201_cifar10",
        "nasbench301_cifar10",
        "transbench101_micro_jigsaw",
        "transbench101_micro_svhn",
        "transbench101_macro_jigsaw",
    ],
)
def test_a_network_has_the_weights_that_its_constructors_give(key, monkeypatch):
    benchmark = BENCHMARKS[key]
    spec = SEARCH_SPACES[benchmark.search_space].spec.sample(random.Random(1))
    build_network(spec, benchmark)
    torch.manual_seed(6)
    quick = build_network(spec, benchmark).state_dict()
    after = torch.get_rng_state()
    monkeypatch.setattr(blueprints, "_BLUEPRINTS", Forgetful())
    torch.manual_seed(6)
    plain = build_network(spec, benchmark).state_dict()
    assert torch.equal(after, torch.get_rng_state())
    assert list(quick) == list(plain)
    assert all(torch.equal(quick[name], plain[name]) for name in plain)


def test_weights_put_off_are_drawn_at_once_where_numbers_are_other_than_32_bits():
    torch.manual_seed(2)
    with drawn_later():
        made = construct(ReluConvBn, 2, 2, 1).double()
    assert made[1].weight.dtype is torch.float64
    torch.set_default_dtype(torch.float64)
    try:
        torch.manual_seed(2)
        with drawn_later():
            made = construct(ReluConvBn, 2, 2, 1)
        torch.manual_seed(2)
        assert torch.equal(made[1].weight, ReluConvBn(2, 2, 1)[1].weight)
    finally:
        torch.set_default_dtype(torch.float32)


def test_preparing_to_build_leaves_the_generator_and_the_weights_as_they_were():
    benchmark = BENCHMARKS["nasbench301_cifar10"]
    spec = SEARCH_SPACES["nasbench301"].spec.sample(random.Random(1))
    torch.manual_seed(6)
    expected = build_network(spec, benchmark).state_dict()
    torch.manual_seed(6)
    prepare_to_build(benchmark)
    found = build_network(spec, benchmark).state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)
