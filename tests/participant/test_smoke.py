"""The smoke test: what it asks, what it finds, and that it asks again before it warns."""

import os
from pathlib import Path

import pytest

from zcnas.benchmarks import BENCHMARKS, get_benchmark
from zcnas.isolation.process import ProcessIsolation
from zcnas.participant import smoke
from zcnas.participant.networks import networks_of
from zcnas.participant.smoke import Smoke
from zcnas.phases import load_phases
from zcnas.search_spaces import build_network, parse_spec
from zcnas.submissions import open_submission

PHASES = load_phases(Path(__file__).resolve().parents[2] / "reference_data" / "phases.toml")
HEAD = "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None):\n        "


@pytest.fixture
def try_on(program, tmp_path):
    def run(body, *benchmarks):
        folder = tmp_path / f"s{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "predictor.py").write_text(HEAD + body + "\n")
        submission = open_submission(folder, tmp_path / f"{folder.name}-opened")
        cpus = sorted(os.sched_getaffinity(0))
        test = Smoke(submission, program, ProcessIsolation(), cpus, PHASES)
        told = []
        report = test.run(benchmarks, told.append)
        assert sorted(trial.benchmark for trial in told) == sorted(benchmarks)
        return report

    return run


@pytest.mark.parametrize("key", ["nasbench101_cifar10", "nasbench201_cifar10",
                                 "nasbench301_cifar10", "transbench101_micro_jigsaw",
                                 "transbench101_macro_jigsaw"])  # fmt: skip
def test_the_two_networks_of_a_space_differ_in_size(key):
    benchmark = get_benchmark(key)
    specs = [parse_spec(benchmark.search_space, each.spec)
             for each in networks_of(benchmark, 4).architectures]  # fmt: skip
    sizes = {
        sum(parameter.numel() for parameter in build_network(spec, benchmark).parameters())
        for spec in specs
    }
    assert len(sizes) == 2


def test_a_failure_names_the_benchmark_the_message_and_the_line(try_on):
    report = try_on("return graph.num_classes + graph(next(iter(dataloader))[0]).squeeze(1).size(0)"
                    " if graph.num_classes == 10 else None", "nasbench201_cifar10",
                    "nasbench201_cifar100")  # fmt: skip
    by_key = {trial.benchmark: trial for trial in report.trials}
    assert not by_key["nasbench201_cifar10"].failures
    failed = by_key["nasbench201_cifar100"].failures
    assert [each.status for each in failed] == ["invalid", "invalid"]
    assert "returned NoneType None" in failed[0].message


@pytest.mark.slow
def test_equal_scores_are_asked_again_at_the_phases_batch_size(try_on, monkeypatch):
    body = "n = len(next(iter(dataloader))[0]); import torch\n"
    body += "        return sum(p.numel() for p in graph.parameters()) if n > 4 else n"
    (trial,) = try_on(body, "nasbench201_cifar10").trials
    assert trial.warning == ""
    (trial,) = try_on("return len(next(iter(dataloader))[0])", "nasbench201_cifar10").trials
    assert trial.warning == "two different networks got the same score, 64 (batch of 64)"


def test_an_infinite_score_is_a_warning(try_on):
    (trial,) = try_on(
        "return float('inf') if sum(p.numel() for p in graph.parameters()) > 350000 else 1.0",
        "nasbench201_cifar10",
    ).trials
    assert trial.warning == "a score is infinite"
    assert not trial.failures


NAMED = "return {'parameters': sum(p.numel() for p in graph.parameters())}"


@pytest.mark.slow
def test_named_numbers_are_combined_as_in_a_run(try_on):
    def trial_of(score):
        combine = f"\n    def combine(self, answers):\n        return [{score} for each in answers]"
        return try_on(NAMED + combine, "nasbench201_cifar10").trials[0]

    trial = trial_of("-each['parameters']")
    assert [each.value < 0 for each in trial.predictions] == [True, True]
    assert (trial.warning, trial.failures) == ("", [])
    trial = trial_of("1.0")
    assert trial.warning == "two different networks got the same score, 1 (batch of 64)"
    trial = trial_of("each['flops']")
    assert {each.status for each in trial.failures} == {"error"}
    assert "in combine: KeyError: 'flops' (predictor.py, line 5)" in trial.failures[0].message


def test_named_numbers_without_combine_are_invalid(try_on):
    (trial,) = try_on(NAMED, "nasbench201_cifar10").trials
    assert [each.status for each in trial.failures] == ["invalid", "invalid"]
    assert "has no combine(self, answers)" in trial.failures[0].message


def test_it_covers_every_benchmark_and_needs_no_table():
    assert set(smoke.all_benchmarks()) == set(BENCHMARKS)
    assert len(BENCHMARKS) == 28


def test_a_report_is_recalled_for_its_content_only(try_on, tmp_path):
    report = try_on("return 1.0 * id(graph)", "nasbench201_cifar10")
    smoke.keep_report(tmp_path / "kept" / "smoke.json", report)
    assert smoke.recall_report(tmp_path / "kept" / "smoke.json", report.sha256) == report
    assert smoke.recall_report(tmp_path / "kept" / "smoke.json", "0" * 64) is None
    assert smoke.recall_report(tmp_path / "nothing.json", report.sha256) is None
