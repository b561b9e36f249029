import pytest
import torch
from torch import nn

from zcnas.benchmarks import BENCHMARKS
from zcnas.errors import PhaseError
from zcnas.search_spaces import parse_spec
from zcnas.search_spaces.nasbench201.network import Cell
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.search_spaces.network import fresh_copies


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


def test_an_unknown_search_space_is_refused_with_the_known_ones():
    with pytest.raises(PhaseError, match="unknown search space 'nasbench999'.*nasbench201"):
        parse_spec("nasbench999", "x")


def test_every_benchmark_key_fits_the_platforms_columns():
    assert all(len(key) <= 36 for key in BENCHMARKS)
