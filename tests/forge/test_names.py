import pytest

from zcnas.benchmarks import NetworkSize, get_benchmark
from zcnas.errors import PhaseError
from zcnas.words.forged_names import ForgedName, parse_forged_name


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("forged_digits", ForgedName("digits")),
        ("forged_birds_s16k37w16", ForgedName("birds", side=16, classes=37, channels=16)),
        ("forged_a2_c1n3", ForgedName("a2", planes=1, cells=3)),
        ("forged_a_rec", ForgedName("a", task="reconstruct")),
        ("forged_a_segs16k5", ForgedName("a", side=16, classes=5, task="segment")),
    ],
)
def test_a_name_says_all_and_is_written_in_one_way(name, meant):
    assert parse_forged_name(name) == meant
    assert str(meant) == name


@pytest.mark.parametrize(
    "name",
    [
        "cifar10", "forged_", "forged_a_", "forged_a_s12", "forged_a_k10s16", "forged_a_k1",
        "forged_a_s16seg", "forged_a_segs14", "forged_a_recc1",
    ],
)  # fmt: skip
def test_no_other_name_is_one(name):
    assert parse_forged_name(name) is None


def test_a_key_alone_tells_a_program_what_to_build():
    benchmark = get_benchmark("nasbench201_forged_birds_s16k37")
    assert benchmark.search_space == "nasbench201"
    assert benchmark.dataset.input_shape == (3, 16, 16)
    assert benchmark.dataset.num_classes == 37
    assert benchmark.dataset.size == NetworkSize(8, 1)
    assert benchmark.key == "nasbench201_forged_birds_s16k37"


def test_an_unknown_search_space_has_no_forged_benchmark():
    with pytest.raises(PhaseError, match="unknown benchmark 'nasbench9_forged_a'"):
        get_benchmark("nasbench9_forged_a")
