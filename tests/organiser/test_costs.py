from pathlib import Path

import msgspec
import pytest

from zcnas.errors import InputDataError
from zcnas.organiser.costs import IDLE_MIB, CostRecord, estimate, expected_cost, read_costs
from zcnas.phases import load_phases

ROOT = Path(__file__).resolve().parents[2]
PHASES = load_phases(ROOT / "reference_data" / "phases.toml")


def passes(build, forward, backward, peak):
    return {"build_s": build, "forward_s": forward, "backward_s": backward, "peak_mib": peak}


def architecture(passes_cost, together_s, together_peak):
    together = {"proxies": 13, "total_s": together_s, "peak_mib": together_peak}
    return {
        "spec": "s",
        "gmacs": 1.0,
        "activations_mib": 2.0,
        "contiguous": passes_cost,
        "channels_last": passes_cost,
        "together": together,
    }


def record_of(**benchmarks):
    """A record; each benchmark is given as (batch, times of the typical, of the large)."""
    entries = {}
    for key, (batch, typical_s, large_s) in benchmarks.items():
        extreme = architecture(passes(1, 2, 3, 3000), 0, 0)
        for name in ("channels_last", "together"):
            del extreme[name]
        large = architecture(passes(2, 3, 6, 1900), large_s, 2000)
        del large["channels_last"]
        entries[key] = {
            "batch_size": batch,
            "published_batch_size": 64,
            "measured_on": key,
            "typical": architecture(passes(1, 2, 4, 900), typical_s, 1000),
            "large": large,
            "extreme": extreme,
        }
    machine = {"cpu": "of a test"}
    return msgspec.convert(
        {"machine": machine, "memory_limit_mib": 4096, "benchmarks": entries}, CostRecord
    )


def phase(name="practice", keys=("nasbench201_cifar10", "nasbench201_cifar100")):
    return PHASES[name].only(list(keys))


def test_a_submission_costs_n_times_the_typical_architecture_of_every_benchmark():
    record = record_of(nasbench201_cifar10=(64, 10, 20), nasbench201_cifar100=(64, 30, 50))
    cost = estimate(phase(), record)
    assert cost.forward_s == pytest.approx(100 * 2 * (1 + 2))
    assert cost.both_s == pytest.approx(100 * 2 * (1 + 2 + 4))
    assert cost.together_s == pytest.approx(100 * ((1 + 10) + (1 + 30)))
    assert cost.dearest_benchmark_s == pytest.approx(100 * (1 + 30))
    assert cost.large_query_s == pytest.approx(2 + 50)
    assert cost.peak_mib == 3000


def test_another_batch_size_than_the_measured_one_is_scaled():
    record = record_of(nasbench201_cifar10=(16, 10, 20), nasbench201_cifar100=(64, 1, 1))
    cost = estimate(phase(keys=("nasbench201_cifar10",)), record)
    assert cost.forward_s == pytest.approx(100 * (1 + 4 * 2))
    assert cost.both_s == pytest.approx(100 * (1 + 4 * (2 + 4)))
    assert cost.together_s == pytest.approx(100 * (1 + 4 * 10))
    assert cost.large_query_s == pytest.approx(2 + 4 * 20)
    assert cost.peak_mib == pytest.approx(IDLE_MIB + 4 * (3000 - IDLE_MIB))


def test_a_benchmark_that_was_not_measured_is_named_and_counts_nothing():
    record = record_of(nasbench201_cifar10=(64, 10, 20))
    cost = estimate(phase(), record)
    assert cost.unmeasured == ("nasbench201_cifar100",)
    assert cost.together_s == pytest.approx(100 * (1 + 10))


def test_a_missing_or_malformed_record_is_refused(tmp_path):
    with pytest.raises(InputDataError, match="cannot read .*nowhere.json"):
        read_costs(tmp_path / "nowhere.json")
    (tmp_path / "costs.json").write_text('{"machine": {}}')
    with pytest.raises(InputDataError, match="is malformed"):
        read_costs(tmp_path / "costs.json")


def test_the_expected_cost_grows_as_a_forward_and_a_backward_pass_do():
    """Of a predictor that costs twice a pass in practice: twice the passes of `final`."""
    record = read_costs(ROOT / "docs" / "costs.json")
    practice, final = PHASES["practice"], PHASES["final"]
    one = estimate(practice, record).both_s
    found = expected_cost(2 * one, practice, practice.architectures, final, record)
    assert found.cpu_s == pytest.approx(2 * estimate(final, record).both_s)
    assert found.over == ()
    tenth = expected_cost(2 * one / 10, practice, practice.architectures // 10, final, record)
    assert tenth.cpu_s == pytest.approx(found.cpu_s)
    slow = expected_cost(100 * one, practice, practice.architectures, final, record)
    assert [key for key, _ in slow.over]
    assert all(seconds > final.limits.benchmark_cpu_s for _, seconds in slow.over)
