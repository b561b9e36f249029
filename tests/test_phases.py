from pathlib import Path

import pytest

from zcnas.errors import PhaseError
from zcnas.phases import load_phase, load_phases

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "reference_data" / "phases.toml"

PHASE = """
[one]
title = "One"
truth = "public"
feedback = "full"
table = "t"
benchmarks = ["nasbench201_cifar10", "nasbench201_cifar100"]
architectures = 5
batch_size = { nasbench201 = 4 }
draw_seed = "s"
eval_seed = 1
[one.limits]
query_cpu_s = 1
benchmark_cpu_s = 10
setup_s = 1
memory_mb = 100
processes = 10
scratch_mb = 1
log_kb = 1
"""


@pytest.fixture
def phases_file(tmp_path):
    def write(*replacements):
        text = PHASE
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "phases.toml"
        path.write_text(text)
        return path

    return write


def test_the_practice_phase_is_nasbench201_on_three_datasets_with_100_architectures():
    practice = load_phase(SHIPPED, "practice")
    assert practice.benchmarks == (
        "nasbench201_cifar10",
        "nasbench201_cifar100",
        "nasbench201_imagenet16_120",
    )
    assert (practice.architectures, practice.batch_size, practice.failure_tau) == (
        100,
        {"nasbench201": 64},
        0.0,
    )
    assert (practice.truth, practice.feedback) == ("public", "full")


def test_wall_limits_are_three_times_the_cpu_limits(phases_file):
    limits = load_phase(phases_file(), "one").limits
    assert (limits.query_wall_s, limits.benchmark_wall_s) == (3, 30)


def test_a_benchmarks_own_batch_size_goes_before_its_search_spaces(phases_file):
    sizes = "{ nasbench201 = 4, nasbench201_cifar100 = 2 }"
    phase = load_phase(phases_file(("{ nasbench201 = 4 }", sizes)), "one")
    assert [phase.batch_size_of(benchmark) for benchmark in phase.get_benchmarks()] == [4, 2]


def test_a_table_of_a_benchmark_or_search_space_goes_before_the_phases(phases_file):
    named = 'tables = { nasbench201_cifar100 = "nats_bench" }'
    phase = load_phase(phases_file(("eval_seed = 1", f"eval_seed = 1\n{named}")), "one")
    tables = [phase.table_of(benchmark) for benchmark in phase.get_benchmarks()]
    assert tables == [phase.table, "nats_bench"]


@pytest.mark.parametrize("name", ["final", "full"])
def test_nasbench101_is_drawn_from_its_export(name):
    phase = load_phase(SHIPPED, name)
    tables = {benchmark.key: phase.table_of(benchmark) for benchmark in phase.get_benchmarks()}
    assert tables.pop("nasbench101_cifar10") == "nasbench101"
    assert set(tables.values()) == {"nas_bench_suite_zero"}


def test_an_unknown_phase_is_refused_with_the_known_ones(phases_file):
    with pytest.raises(PhaseError, match="unknown phase 'two'; phases in .*: one"):
        load_phase(phases_file(), "two")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "nasbench201_cifar10",
            "nasbench201_mnist",
            "unknown benchmark 'nasbench201_mnist'; known",
        ),
        ("nasbench201_cifar100", "nasbench201_cifar10", "lists a benchmark twice"),
        ("architectures = 5", "architectures = 1", "Expected `int` >= 2"),
        ("memory_mb = 100", "memory_mb = 0", "Expected `int` >= 1"),
        ('"public"', '"secret"', "Invalid enum value 'secret'"),
        ("log_kb = 1", "log_kb = 1\ncolour = 1", "unknown field `colour`"),
        ('title = "One"', "", "missing required field `title`"),
        ('draw_seed = "s"', "", "a public phase needs a draw_seed"),
        ('"public"', '"hidden"', "a hidden phase must not contain one"),
        ("[one]", "[one", "not a valid phases file"),
        (
            "{ nasbench201 = 4 }",
            "{ nasbench101 = 4 }",
            "no batch size for nasbench201; add one for nasbench201 or nasbench201_cifar",
        ),
        (
            "{ nasbench201 = 4 }",
            "{ nasbench201 = 4, nasbench201_svhn = 2 }",
            "sets a batch size for 'nasbench201_svhn', which is not one of its benchmarks",
        ),
        (
            "eval_seed = 1",
            'eval_seed = 1\ntables = { nasbench101 = "nasbench101" }',
            "sets a table for 'nasbench101', which is not one of its benchmarks",
        ),
        (
            "eval_seed = 1",
            'eval_seed = 1\ndisjoint_from = ["two"]',
            "'two', which is not a phase; phases: one",
        ),
    ],
)
def test_a_broken_phases_file_is_refused_with_the_reason(phases_file, old, new, message):
    with pytest.raises(PhaseError, match=message):
        load_phases(phases_file((old, new)))


def test_a_missing_phases_file_is_refused_with_its_path(tmp_path):
    with pytest.raises(PhaseError, match="cannot read the phases file .*nowhere.toml"):
        load_phases(tmp_path / "nowhere.toml")


def test_a_phase_can_be_restricted_to_some_of_its_benchmarks(phases_file):
    phase = load_phase(phases_file(), "one")
    assert phase.only(["nasbench201_cifar100"]).benchmarks == ("nasbench201_cifar100",)
    assert phase.only([]).benchmarks == phase.benchmarks
    with pytest.raises(PhaseError, match="'x' is not in phase 'one'; its benchmarks: nasbench201"):
        phase.only(["x"])
