"""Faults in the organiser's input files stop a run before any submission, with file and id."""

import msgspec
import pytest

from zcnas.errors import InputDataError
from zcnas.ingestion.inputs import read_checked_input
from zcnas.organiser.competition import load_halves
from zcnas.phases import load_phase
from zcnas.words.records import Architecture, BenchmarkInput, write_json
from zcnas.words.resources import PHASES_FILE, package_file, public_halves

SPEC = "|skip_connect~0|+|none~0|none~1|+|none~0|skip_connect~1|skip_connect~2|"
OTHER = SPEC.replace("none~1", "nor_conv_3x3~1")
GOOD = BenchmarkInput(
    benchmark="nasbench201_cifar10",
    search_space="nasbench201",
    dataset="cifar10",
    batch_size=64,
    eval_seed=1,
    architectures=(Architecture("0" * 8, SPEC), Architecture("1" * 8, OTHER)),
)


def fault(tmp_path, name="nasbench201_cifar10", **changes):
    path = tmp_path / f"{name}.json"
    write_json(path, msgspec.structs.replace(GOOD, **changes))
    with pytest.raises(InputDataError) as caught:
        read_checked_input(path, memory_mb=4096)
    assert str(caught.value).startswith(str(path))
    return str(caught.value)


def test_an_unknown_op_is_told_with_file_and_id(tmp_path):
    bad = Architecture("2" * 8, SPEC.replace("none~1", "conv_1x1_bn~1"))
    said = fault(tmp_path, architectures=(*GOOD.architectures, bad))
    assert f"{bad.id}: " in said
    assert "conv_1x1_bn" in said
    assert GOOD.architectures[0].id not in said


def test_one_architecture_under_two_ids_is_told_with_both(tmp_path):
    twice = Architecture("4" * 8, SPEC)
    said = fault(tmp_path, architectures=(*GOOD.architectures, twice))
    assert "44444444: the same architecture as 00000000" in said


@pytest.mark.parametrize("spec", ["", "|", SPEC + "|", "(4, 0)", "x" * 10_000, "\ud7ff"])
def test_what_is_no_architecture_at_all_is_told_with_its_id(tmp_path, spec):
    assert "3" * 8 in fault(tmp_path, architectures=(Architecture("3" * 8, spec),))


def test_of_many_faults_a_few_are_named_and_the_others_counted(tmp_path):
    bad = tuple(Architecture(f"{number:08x}", "?") for number in range(100))
    said = fault(tmp_path, architectures=bad)
    assert "00000004: " in said
    assert "00000005: " not in said
    assert "and 95 more" in said


@pytest.mark.parametrize(
    "changes",
    [{"benchmark": "nasbench201_cifar100"}, {"search_space": "nasbench101"}, {"dataset": "svhn"}],
)
def test_a_file_with_another_benchmark_than_its_name_is_refused(tmp_path, changes):
    said = fault(tmp_path, **changes)
    assert "instead of nasbench201_cifar10 / nasbench201 / cifar10" in said


def test_a_batch_that_cannot_fit_the_memory_is_refused_and_the_largest_that_may_is_not(tmp_path):
    """3 * 32 * 32 float32 are 12 KiB; eight times 43,690 of them are just below 4 GiB."""
    assert "a minibatch of 1172 MiB" in fault(tmp_path, batch_size=100_000)
    assert "memory_mb of the phase is 4096" in fault(tmp_path, batch_size=43_691)
    path = tmp_path / "nasbench201_cifar10.json"
    write_json(path, msgspec.structs.replace(GOOD, batch_size=43_690))
    assert read_checked_input(path, memory_mb=4096).batch_size == 43_690


def test_a_run_stops_before_it_makes_a_batch_or_starts_a_submission(tmp_path):
    phase = load_phase(package_file(PHASES_FILE), "practice").only(["nasbench201_cifar10"])
    inputs, references = public_halves("practice")
    data = msgspec.json.decode((inputs / "nasbench201_cifar10.json").read_bytes())
    data["batch_size"] = 10**9
    (tmp_path / "nasbench201_cifar10.json").write_bytes(msgspec.json.encode(data))
    with pytest.raises(InputDataError, match="batch_size 1000000000"):
        load_halves(phase, tmp_path, references, None)
