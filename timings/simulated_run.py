"""Simulates a run of any size without workers: real jobs and records, answered immediately.

What remains is the work of the organiser's process. Used by ``bench_scale.py``.
"""

import msgspec

from zcnas.benchmarks import BENCHMARKS
from zcnas.jobs import LocalPool
from zcnas.organiser.competition import Halves
from zcnas.organiser.competition.evaluation import Evaluation, MinibatchOrder, Report
from zcnas.organiser.competition.halves import MinibatchRecord
from zcnas.words.records import (
    Architecture,
    BenchmarkInput,
    Manifest,
    OrganiserManifest,
    Prediction,
    PublicManifest,
    Reference,
)
from zcnas.words.seeds import derive_seed, derive_token

ARCHITECTURES = 100


class SimulatedPool(LocalPool):
    """Answers every job immediately, with real records."""

    def __init__(self):
        super().__init__(answer_at_once, 2)


def answer_at_once(evaluation, report, interrupted):
    """Stand in for a host that computes nothing."""
    for content in simulated_reports(evaluation):
        report(content)


def simulated_halves(phase):
    """Return the halves of every benchmark, with made-up architectures and accuracies."""
    inputs, references, minibatches = {}, {}, {}
    for key in phase.benchmarks:
        ids = [derive_token(key, number)[:16] for number in range(ARCHITECTURES)]
        inputs[key] = BenchmarkInput(
            benchmark=key,
            search_space=BENCHMARKS[key].search_space,
            dataset=BENCHMARKS[key].dataset.name,
            batch_size=64,
            eval_seed=1,
            architectures=tuple(Architecture(token, f"architecture {token}") for token in ids),
        )
        references[key] = Reference(
            benchmark=key,
            metric="accuracy",
            unit="percent",
            source="simulated",
            version="0",
            table_sha256="0" * 64,
            accuracies={token: derive_seed("accuracy", token) / 2**63 for token in ids},
        )
        minibatches[key] = MinibatchRecord("synthetic", "0" * 64, synthetic=True)
    return Halves(inputs, references, minibatches, load=lambda key: None)


def simulated_evaluation(phase, data):
    """Return an evaluation like those of a run."""
    return Evaluation(
        submission="copy",
        submission_sha256="0" * 64,
        archive=bytes(3000),
        data=data,
        limits=phase.limits,
        used_cpu_s=0.0,
        used_wall_s=0.0,
        minibatch=MinibatchOrder(sha256="0" * 64, content=None),
        program_sha256="0" * 64,
        image="",
    )


def simulated_reports(evaluation):
    """Return what a host might report: one score per architecture, and two manifests."""
    predictions = tuple(
        Prediction(
            id=entry.id,
            status="ok",
            score=derive_seed(evaluation.submission, entry.id) / 2**63,
            wall_time_s=0.123456,
            cpu_time_s=0.123456,
            peak_memory_mb=300.123,
        )
        for entry in evaluation.data.architectures
    )
    public = PublicManifest(
        benchmark=evaluation.data.benchmark,
        submission=evaluation.submission,
        submission_sha256=evaluation.submission_sha256,
        method="simulated",
        isolation="process",
        data_source="synthetic",
        batch_size=64,
        architectures=len(predictions),
        limits=msgspec.structs.asdict(evaluation.limits),
        versions={"zcnas": "0", "worker": "torch"},
        cpu_model="simulated",
        setup_status="ok",
        setup_message="",
        start_up_s=1.0,
        setup_wall_s=1.0,
        worker_starts=1,
        wall_time_s=20.0,
        cpu_time_s=20.0,
    )
    organiser = OrganiserManifest(eval_seed=1, input_sha256="", cpu=0, image="", started_at="2026")
    manifest = Manifest(public=public, organiser=organiser)
    about = {
        "benchmark": evaluation.data.benchmark,
        "submission_sha256": evaluation.submission_sha256,
    }
    reports = [Report(**about, prediction=each) for each in predictions]
    reports[0] = msgspec.structs.replace(reports[0], manifest=manifest)
    return [msgspec.json.encode(each) for each in (*reports, Report(**about, manifest=manifest))]
