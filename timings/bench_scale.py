"""Measures what a big run costs in addition to the queries. Each part ends with its ratio.

    run      the organiser's process at 1,000 submissions x 28 benchmarks x 100 architectures,
             simulated jobs and real records on disk: CPU time, and memory at each tenth;
             then judging that folder again, with and without intervals (ratio of CPU times)
    pool     what the local pool and Dask add to an empty job (ratio: Dask to pool)
    cpus     throughput of 2 CPUs against 1 after start-up for a cheap and an expensive predictor,
             the share of start-up, CPU time of the organiser's process per query (ratio: the worse
             efficiency, 1 for twice the throughput)

Usage: python timings/bench_scale.py [part ...]
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import psutil
from simulated_run import (
    ARCHITECTURES,
    SimulatedPool,
    simulated_evaluation,
    simulated_halves,
    simulated_reports,
)

from zcnas.isolation.machine import LOCKS_VARIABLE
from zcnas.isolation.process import ProcessIsolation
from zcnas.judging.judge import judge
from zcnas.organiser.competition import Competition, load_halves
from zcnas.organiser.results.contest import read_contest
from zcnas.organiser.results.folder import ResultsFolder
from zcnas.phases import load_phase

ROOT = Path(__file__).resolve().parents[1]
PHASES = ROOT / "reference_data" / "phases.toml"
SAMPLES = ROOT / "starting_kit" / "submissions"
SUBMISSIONS = 1000
JOBS = 300
REPEATS = 3
PREDICTORS = (
    ("params", "nasbench201_imagenet16_120", 100),
    ("nwot", "nasbench201_cifar10", 32),
)
"""A cheap and an expensive sample, each with its benchmark and number of architectures."""


def practice(key, architectures=ARCHITECTURES):
    """Return a phase with one practice benchmark and its halves, reduced to a few architectures."""
    phase = load_phase(PHASES, "practice").only([key])
    reference = ROOT / "reference_data" / "practice"
    halves = load_halves(phase, ROOT / "starting_kit" / "input_data", reference, None)
    data, truth = halves.inputs[key], halves.references[key]
    chosen = data.architectures[:architectures]
    kept = {entry.id: truth.accuracies[entry.id] for entry in chosen}
    halves.inputs[key] = msgspec.structs.replace(data, architectures=chosen)
    halves.references[key] = msgspec.structs.replace(truth, accuracies=kept)
    return phase, halves


def run():
    """Print what a big run costs the organiser's process, and what ranking it again costs."""
    phase = load_phase(PHASES, "full")
    halves = simulated_halves(phase)
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as temporary:
        folder = Path(temporary)
        paths = [folder / "submissions" / f"s{number:04d}" for number in range(SUBMISSIONS)]
        for path in paths:
            path.mkdir(parents=True)
            shutil.copyfile(SAMPLES / "params" / "predictor.py", path / "predictor.py")
        resident = simulate(phase, halves, paths, folder / "out")
        print(f"resident MiB at each tenth: {', '.join(map(str, resident))}")
        results = ResultsFolder(folder / "out")

        contest = read_contest(results, phase, halves.references)
        judged, judged_cpu = timed(lambda: judge(contest))
        taus, taus_cpu = timed(lambda: judge(contest, resamples=1))
    print(f"judging {SUBMISSIONS} x {len(phase.benchmarks)} again: {judged}")
    print(f"the same without intervals: {taus}")
    print(f"{judged_cpu / taus_cpu:.1f}x")


def simulate(phase, halves, paths, out):
    """Run it, print CPU time, and return the resident MiB at each tenth of the run."""
    process, samples, done = psutil.Process(), [], 0
    jobs = len(paths) * len(phase.benchmarks)

    def on_prediction(submission, benchmark, prediction):
        nonlocal done
        if prediction is not None:
            done += 1
            if done % (jobs * ARCHITECTURES // 10) == 0:
                samples.append(process.memory_info().rss >> 20)

    competition = Competition(
        phase, halves, ProcessIsolation(), [0], out, on_prediction, pool=SimulatedPool
    )
    said, cpu = timed(lambda: competition.run(paths))
    print(f"{len(paths)} x {len(phase.benchmarks)} x {ARCHITECTURES} simulated: {said}")
    print(f"{1e3 * cpu / jobs:.1f} ms of CPU time per job, including simulated answers")
    return samples


def pool():
    """Print what a pool adds to an empty job."""
    phase, halves = practice("nasbench201_cifar10")
    evaluation = simulated_evaluation(phase, halves.inputs["nasbench201_cifar10"])
    content = b"".join(simulated_reports(evaluation))

    def per_job(executor):
        executor.submit(answer_at_once, evaluation, content).result()
        begin = time.perf_counter()
        for future in [executor.submit(answer_at_once, evaluation, content) for _ in range(JOBS)]:
            future.result()
        return 1e3 * (time.perf_counter() - begin) / JOBS

    with ThreadPoolExecutor(2) as threads:
        local = per_job(threads)
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        dask = per_job(client.get_executor(pure=False))
    print(f"per empty job: local pool {local:.3f} ms, Dask {dask:.2f} ms")
    print(f"{dask / local:.0f}x")


def answer_at_once(evaluation, content):
    """Stand in for a host that does nothing."""
    return content


def cpus():
    """Print the efficiency of two CPUs on a cheap and an expensive predictor."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        print("one CPU only: nothing to compare")
        return
    efficiencies = []
    for sample, key, architectures in PREDICTORS:
        one, two, starts, own = [], [], [], []
        for _ in range(REPEATS):
            for used, rates in ((usable[:1], one), (usable[:2], two)):
                with tempfile.TemporaryDirectory() as temporary:
                    measured = rate(sample, key, architectures, used, Path(temporary))
                rates.append(measured[0])
                starts.append(measured[1])
                own.append(measured[2])
        single, double = statistics.median(one), statistics.median(two)
        efficiencies.append(double / (2 * single))
        share = statistics.median(starts) / (statistics.median(starts) + ARCHITECTURES / single)
        print(
            f"{sample} on {key}: 1 CPU {single:.2f}/s, 2 CPUs {double:.2f}/s, efficiency "
            f"{efficiencies[-1]:.3f} (each: {listed(one)}; {listed(two)})"
        )
        print(
            f"  start-up {statistics.median(starts):.1f} s, {share:.1%} of a job of "
            f"{ARCHITECTURES}; organiser's process {1e3 * statistics.median(own):.1f} ms of CPU "
            f"time per query, in jobs of {architectures}"
        )
    print(f"{min(efficiencies):.2f}x")


def rate(sample, key, architectures, used, folder):
    """Return queries per second after start-up over all CPUs, the start-up, and our CPU time.

    One copy of the sample per CPU, all started together with the same queries; each is timed from
    its first answer to its last.
    """
    stamps = defaultdict(list)
    copies = [folder / "submissions" / f"copy{number}" for number in range(len(used))]
    for copy in copies:
        shutil.copytree(SAMPLES / sample, copy)

    def on_prediction(submission, benchmark, prediction):
        if prediction is not None:
            stamps[submission].append(time.monotonic())

    phase, halves = practice(key, architectures)
    begin, own = time.monotonic(), time.process_time()
    out = folder / "out"
    Competition(phase, halves, ProcessIsolation(), used, out, on_prediction).run(copies)
    own = time.process_time() - own
    per_second = sum((len(times) - 1) / (times[-1] - times[0]) for times in stamps.values())
    start_up = statistics.mean(times[0] for times in stamps.values()) - begin
    return per_second, start_up, own / (len(copies) * architectures)


def timed(action):
    """Return a description of how long an action takes, and its CPU seconds."""
    wall, cpu = time.monotonic(), time.process_time()
    action()
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    return f"{wall:.2f} s ({cpu:.2f} s of CPU time)", cpu


def listed(rates):
    """Return the rates as text."""
    return ", ".join(f"{each:.2f}" for each in rates)


PARTS = {"run": run, "pool": pool, "cpus": cpus}


def main():
    """Print all measurements, or those of the named parts."""
    if unknown := set(sys.argv[1:]) - set(PARTS):
        sys.exit(f"unknown parts {sorted(unknown)}; known are {list(PARTS)}")
    # Locks apart from other runs', which a measurement must not wait for (nor run beside).
    os.environ[LOCKS_VARIABLE] = tempfile.mkdtemp(prefix="zcnas-bench-locks-")
    for name in sys.argv[1:] or PARTS:
        print(f"-- {name}", flush=True)
        PARTS[name]()


if __name__ == "__main__":
    main()
