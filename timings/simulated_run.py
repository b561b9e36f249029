"""A run of any size without workers: real jobs and records, answered at once.

What is left is what the organiser's process does. Used by ``bench_scale.py``.
"""

from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from zcnas.benchmarks import BENCHMARKS
from zcnas.organiser.competition import Halves
from zcnas.organiser.competition.halves import MinibatchRecord
from zcnas.organiser.competition.job import Job, JobResult, MinibatchOrder, Report
from zcnas.records import (
    Architecture,
    BenchmarkInput,
    Manifest,
    OrganiserManifest,
    Prediction,
    PublicManifest,
    Reference,
)
from zcnas.seeds import derive_seed, derive_token

ARCHITECTURES = 100


class SimulatedEngine:
    """Answers every job at once, with real records."""

    slots = 2

    def __init__(self):
        self._pool = ThreadPoolExecutor(2)

    def submit(self, job, on_report) -> Future:
        """Queue a job."""
        return self._pool.submit(self._run, job, on_report)

    def _run(self, job, on_report):
        content = simulated_result(job)
        result = msgspec.json.decode(content, type=JobResult)
        for number, prediction in enumerate(result.predictions):
            manifest = result.manifest if number == 0 else None
            report = Report(job=job.number, prediction=prediction, manifest=manifest)
            on_report(msgspec.json.encode(report))
        return content

    def stop(self):
        """End."""
        self._pool.shutdown(cancel_futures=True)

    close = stop


def simulated_halves(phase):
    """Return halves of every benchmark with made-up architectures and accuracies."""
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


def simulated_job(phase, data):
    """Return a job as a run makes it."""
    return Job(
        number=0,
        submission="copy",
        submission_sha256="0" * 64,
        archive=bytes(3000),
        data=data,
        limits=phase.limits,
        used_cpu_s=0.0,
        used_wall_s=0.0,
        minibatch=MinibatchOrder(source="synthetic", sha256="0" * 64, content=None),
        program_sha256="0" * 64,
        image="",
    )


def simulated_result(job):
    """Return what a host might answer: one score per architecture and a manifest."""
    predictions = tuple(
        Prediction(
            id=entry.id,
            status="ok",
            score=derive_seed(job.submission, entry.id) / 2**63,
            wall_time_s=0.123456,
            cpu_time_s=0.123456,
            peak_memory_mb=300.123,
        )
        for entry in job.data.architectures
    )
    public = PublicManifest(
        benchmark=job.data.benchmark,
        submission=job.submission,
        submission_sha256=job.submission_sha256,
        method="simulated",
        isolation="process",
        data_source="synthetic",
        batch_size=64,
        architectures=len(predictions),
        limits=msgspec.structs.asdict(job.limits),
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
    return msgspec.json.encode(
        JobResult(
            job=job.number,
            host="simulated",
            predictions=predictions,
            manifest=Manifest(public=public, organiser=organiser),
            log="",
            fault="",
        )
    )
