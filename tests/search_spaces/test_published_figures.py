"""Networks against published parameters and flops, by the script that compares all of them."""

import importlib.util
import random
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from zcnas.benchmarks import BENCHMARKS, get_benchmark
from zcnas.search_spaces import SEARCH_SPACES

_PATH = Path(__file__).parents[2] / "timings" / "verify_spaces.py"
_MODULE = importlib.util.spec_from_file_location("verify_spaces", _PATH)
verify = importlib.util.module_from_spec(_MODULE)
_MODULE.loader.exec_module(verify)


@pytest.mark.real_table
@pytest.mark.parametrize("key", BENCHMARKS)
def test_sampled_networks_have_the_published_parameters_and_flops(data_folder, key):
    record = verify.verify_benchmark(data_folder, get_benchmark(key), sample=2)
    _, rows, compared, wrong_params, wrong_flops, _ = record
    assert (compared, wrong_params, wrong_flops) == ("2", "0", "0")
    assert int(rows) > 100


@pytest.mark.real_table
def test_sampled_nasbench101_rows_have_their_hash_and_trainable_parameters(data_folder):
    assert verify.verify_nasbench101(data_folder, sample=40) == (40, 0, 0)


def test_the_all_3x3_cell_has_the_multiply_accumulates_nats_bench_gives():
    assert f"{verify.all_conv3x3_mmacs():.2f}" == "220.12"


@pytest.mark.parametrize(
    "key",
    ["nasbench101_cifar10", "nasbench301_svhn", "transbench101_micro_autoencoder",
     "transbench101_macro_segmentsemantic", "transbench101_macro_jigsaw"],
)  # fmt: skip
def test_multiply_accumulates_are_half_of_what_pytorchs_own_counter_counts(key):
    benchmark = get_benchmark(key)
    spec = SEARCH_SPACES[benchmark.search_space].spec.sample(random.Random(0))
    network = verify.build_on_meta(spec, benchmark)
    shape = benchmark.dataset.input_shape
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.empty(1, *shape, device="meta"))
    assert counter.get_total_flops() == 2 * verify.operations(network, shape)[0]
