"""What a big run costs beside the queries themselves, in one run of this file.

    two CPUs     throughput of 2 CPUs against 1 after start-up, a cheap and a dear predictor
    start-up     share of a job's time until its first query, jobs of 100 architectures
    recorder     CPU time of the organiser's process per architecture
    engine       what the local pool and Dask add to a job that does nothing
    memory       the organiser's process at 1,000 submissions x 28 benchmarks, simulated jobs and
                 real records on disk
    rank         the leaderboard again from that folder: everything known, and everything anew

Last comes the efficiency of two CPUs on the cheap predictor, as a ratio to 2.

Usage: python benchmarks/bench_scale.py [submissions]
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec
import psutil

from zcnas.benchmarks import BENCHMARKS
from zcnas.competition import Competition, Halves, load_halves
from zcnas.competition.halves import MinibatchRecord
from zcnas.competition.job import Job, JobResult, MinibatchOrder, Report
from zcnas.competition.ranking import OUTCOME, rank_again
from zcnas.competition.results import ResultsFolder
from zcnas.isolation.process import ProcessIsolation
from zcnas.machine import LOCKS_VARIABLE
from zcnas.phases import load_phase
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

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "starting_kit" / "submissions"
ARCHITECTURES = 100
JOBS = 300


def practice(key):
    """Return a phase of one practice benchmark and its halves."""
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "practice").only([key])
    reference = ROOT / "reference_data" / "practice"
    return phase, load_halves(phase, ROOT / "starting_kit" / "input_data", reference, None)


def rates(sample, key, cpus, folder):
    """Return architectures per second after start-up over all CPUs, and the start-up share.

    One copy of the sample per CPU; the rate counts while every copy is being asked.
    """
    stamps = defaultdict(list)
    begin = time.monotonic()
    copies = []
    for number in range(len(cpus)):
        copies.append(folder / "submissions" / f"copy{number}")
        shutil.copytree(SAMPLES / sample, copies[-1])

    def on_prediction(submission, benchmark, prediction):
        if prediction is not None:
            stamps[submission].append(time.monotonic())

    phase, halves = practice(key)
    own = time.process_time()
    Competition(phase, halves, ProcessIsolation(), cpus, folder / "out", on_prediction).score(
        copies
    )
    own = time.process_time() - own
    first = max(times[0] for times in stamps.values())
    last = min(times[-1] for times in stamps.values())
    counted = sum(first < stamp <= last for times in stamps.values() for stamp in times)
    whole = max(times[-1] for times in stamps.values()) - begin
    start_up = statistics.mean(times[0] for times in stamps.values()) - begin
    done = sum(len(times) for times in stamps.values())
    return counted / (last - first), start_up / whole, own / done


def two_cpus(cpus):
    """Print and return the efficiency of two CPUs on a cheap predictor."""
    found = []
    for sample, key in (("params", "nasbench201_imagenet16_120"), ("nwot", "nasbench201_cifar10")):
        one, two, shares, own = [], [], [], []
        for _ in range(2):
            for used, rate in ((cpus[:1], one), (cpus[:2], two)):
                with tempfile.TemporaryDirectory() as temporary:
                    measured = rates(sample, key, used, Path(temporary))
                    rate.append(measured[0])
                    shares.append(measured[1])
                    own.append(measured[2])
        efficiency = statistics.median(two) / (2 * statistics.median(one))
        found.append(efficiency)
        print(
            f"{sample:8} on {key:28} 1 CPU {statistics.median(one):6.2f}/s, "
            f"2 CPUs {statistics.median(two):6.2f}/s: efficiency {efficiency:.2f}"
        )
        print(
            f"{'':8} start-up {statistics.median(shares):.1%} of a job of {ARCHITECTURES}, "
            f"organiser's process {1e3 * statistics.median(own):.1f} ms CPU per architecture"
        )
    return found[0]


def a_job(number=0):
    """Return a job as a run makes it, and an encoded result of it."""
    _, halves = practice("nasbench201_cifar10")
    data = halves.inputs["nasbench201_cifar10"]
    phase, _ = practice("nasbench201_cifar10")
    job = Job(
        number=number,
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
    return job, simulated_result(job)


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


def answer_at_once(job, content):
    """Stand in for a host that does nothing."""
    return content


def engines():
    """Print what an engine adds to a job that does nothing."""
    job, content = a_job()

    def per_job(executor):
        executor.submit(answer_at_once, job, content).result()
        begin = time.perf_counter()
        for future in [executor.submit(answer_at_once, job, content) for _ in range(JOBS)]:
            future.result()
        return 1e3 * (time.perf_counter() - begin) / JOBS

    with ThreadPoolExecutor(2) as pool:
        local = per_job(pool)
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        dask = per_job(client.get_executor(pure=False))
    print(f"engine, per job that does nothing: local pool {local:.2f} ms, Dask {dask:.2f} ms")


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


def memory_and_rank(submissions):
    """Print the memory of a big run and how long its leaderboard takes again."""
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "full")
    halves = simulated_halves(phase)
    process = psutil.Process()
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as temporary:
        folder = Path(temporary)
        paths = [folder / "submissions" / f"s{number:04d}" for number in range(submissions)]
        for path in paths:
            path.mkdir(parents=True)
            shutil.copyfile(SAMPLES / "params" / "predictor.py", path / "predictor.py")
        samples = []
        done = 0

        def on_prediction(submission, benchmark, prediction):
            nonlocal done
            if prediction is not None:
                done += 1
                if done % (submissions * 280) == 0:
                    samples.append(process.memory_info().rss >> 20)

        begin, own = time.monotonic(), time.process_time()
        Competition(
            phase,
            halves,
            ProcessIsolation(),
            [0],
            folder / "out",
            on_prediction,
            engine=SimulatedEngine,
        ).score(paths)
        seconds, own = time.monotonic() - begin, time.process_time() - own
        jobs = submissions * len(phase.benchmarks)
        print(
            f"{submissions} x {len(phase.benchmarks)} x {ARCHITECTURES} simulated in {seconds:.0f} "
            f"s, {1e3 * own / jobs:.1f} ms of CPU time per job; resident MiB at each tenth: "
            f"{', '.join(map(str, samples))}"
        )
        results = ResultsFolder(folder / "out")
        known = timed(lambda: rank_again(results, phase, halves.references))
        for path in (folder / "out").glob(f"*/{OUTCOME}"):
            path.unlink()
        anew = timed(lambda: rank_again(results, phase, halves.references))
        print(
            f"rank of {submissions} x {len(phase.benchmarks)}: {known} with known outcomes, "
            f"{anew} from predictions alone"
        )


def timed(action):
    """Return how long an action takes, in words: on the wall and on the CPU."""
    wall, cpu = time.monotonic(), time.process_time()
    action()
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    return f"{wall:.2f} s ({cpu:.2f} s of CPU time)"


def own_locks():
    """Lock CPUs apart from other runs, which a measurement must not wait for (nor run beside)."""
    os.environ[LOCKS_VARIABLE] = tempfile.mkdtemp(prefix="zcnas-bench-locks-")


def main():
    """Print all measurements."""
    submissions = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    own_locks()
    cpus = sorted(os.sched_getaffinity(0))
    memory_and_rank(submissions)
    engines()
    efficiency = two_cpus(cpus) if len(cpus) > 1 else float("nan")
    print(f"{efficiency:.2f}x")


if __name__ == "__main__":
    main()
