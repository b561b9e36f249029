"""The committed record of costs: complete, and what the phases' batches and limits follow from."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from zcnas.benchmarks import BENCHMARKS
from zcnas.organiser.cli.main import app
from zcnas.organiser.costs import estimate, read_costs
from zcnas.phases import load_phases

ROOT = Path(__file__).resolve().parents[2]
PHASES = load_phases(ROOT / "reference_data" / "phases.toml")


@pytest.fixture(scope="module")
def measured():
    """The committed record."""
    return read_costs(ROOT / "docs" / "costs.json")


def test_every_measured_benchmark_fits_into_4_gib_at_its_batch(measured):
    assert measured.memory_limit_mib == 4096
    assert measured.benchmarks
    for key, cost in measured.benchmarks.items():
        assert key in BENCHMARKS
        assert 0 < cost.typical.contiguous.peak_mib <= cost.peak_mib <= 4096, key
        assert 2 <= cost.batch_size <= cost.published_batch_size, key


def test_the_page_names_what_is_not_measured(measured):
    page = (ROOT / "docs" / "costs.md").read_text()
    for key in BENCHMARKS:
        assert (f"| {key} |" in page) == (key in measured.benchmarks), key
    assert ("**Not measured yet:**" in page) == (len(measured.benchmarks) < len(BENCHMARKS))


@pytest.mark.parametrize("name", PHASES)
def test_a_phases_batches_are_not_larger_than_those_that_were_found_to_fit(measured, name):
    for benchmark in PHASES[name].get_benchmarks():
        if benchmark.key in measured.benchmarks:
            found = measured.benchmarks[benchmark.key].batch_size
            assert PHASES[name].batch_size_of(benchmark) <= found, benchmark.key
    assert estimate(PHASES[name], measured).peak_mib <= PHASES[name].limits.memory_mb


@pytest.mark.parametrize("name", PHASES)
def test_a_phases_limits_follow_from_the_measured_costs_by_the_documented_rules(measured, name):
    cost, limits = estimate(PHASES[name], measured), PHASES[name].limits
    assert limits.query_cpu_s >= 3 * cost.large_query_s
    assert limits.benchmark_cpu_s >= 2 * cost.dearest_benchmark_s
    assert limits.memory_mb == measured.memory_limit_mib


def test_zcnas_phases_prints_a_row_per_phase_and_the_machine(measured):
    answer = CliRunner().invoke(app, ["phases"])
    assert answer.exit_code == 0
    for name in PHASES:
        assert answer.output.count(f" {name} (") == 2, "a price and a row of limits"
    assert measured.machine["cpu"] in " ".join(answer.output.split())
