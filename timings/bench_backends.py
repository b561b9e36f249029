"""Compares the back ends: start to the first query, overhead per query, and every sample's scores.

Every sample submission is asked for the first networks of the practice phase's CIFAR-10 draw in
each back end, one after the other, on one CPU; the scores are compared to the last bit. What the
harness adds to a query is measured on `params`, whose query only counts: fork, network, frames. The
last line is the ratio of that in the slowest back end and in a plain process.

Usage: python timings/bench_backends.py [back end ...] [--networks 3] [--samples NAME ...]
"""

import argparse
import os
import statistics
import tempfile
from pathlib import Path

import msgspec

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets import load_minibatch
from zcnas.ingestion.ingest import IngestionJob, ingest_and_combine
from zcnas.ingestion.sinks import Recording
from zcnas.isolation.choice import open_isolation
from zcnas.isolation.engine import RUNTIME_VARIABLE
from zcnas.isolation.program import stage_worker
from zcnas.phases import load_phase
from zcnas.submissions import find_submissions, open_submission, submission_name
from zcnas.words.records import read_input

ROOT = Path(__file__).resolve().parents[1]
BENCHMARK = BENCHMARKS["nasbench201_cifar10"]
HARNESS_QUERIES = 30


def main():
    """Print a row per back end, and the samples whose scores differ."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("backends", nargs="*", default=["docker", "bubblewrap", "process"])
    parser.add_argument("--networks", type=int, default=3, help="per sample and back end")
    parser.add_argument("--samples", nargs="*", default=[], help="some of them, params included")
    arguments = parser.parse_args()
    isolations = {name: opened(name) for name in arguments.backends}
    starts = {name: [] for name in isolations}
    scores = {name: {} for name in isolations}
    harness = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        folder.chmod(0o755)
        program = stage_worker(folder / "program")
        for path in find_submissions(ROOT / "starting_kit" / "submissions", print):
            name = submission_name(path)
            if arguments.samples and name not in arguments.samples:
                continue
            submission = open_submission(path, folder / "submissions" / name)
            for parent in (folder / "submissions", submission.folder):
                parent.chmod(0o755)
            for backend, isolation in isolations.items():
                number = HARNESS_QUERIES if name == "params" else arguments.networks
                recording = Recording()
                manifest = ingest_and_combine(
                    job_of(submission, program, number), isolation, recording
                )
                public = manifest.public
                starts[backend].append(public.start_up_s + public.setup_wall_s)
                scores[backend][name] = told_of(recording)
                if name == "params":
                    times = [each.wall_time_s for each in recording.predictions]
                    harness[backend] = 1e3 * statistics.median(times)
    report(starts, scores, harness)


def opened(name):
    """Return a back end; ``docker/runsc`` is one with another runtime."""
    backend, _, runtime = name.partition("/")
    os.environ[RUNTIME_VARIABLE] = runtime
    return open_isolation(backend, print)


def job_of(submission, program, number):
    """Return a job of a sample on the draw's first networks."""
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
    inputs = ROOT / "starting_kit" / "input_data"
    data = read_input(inputs / f"{BENCHMARK.key}.json")
    data = msgspec.structs.replace(data, architectures=data.architectures[:number])
    return IngestionJob(
        data=data,
        minibatch=load_minibatch(BENCHMARK, data.batch_size, data.eval_seed, None),
        submission=submission.folder,
        submission_name=submission.folder.name,
        submission_sha256=submission.sha256,
        program=program,
        limits=phase.limits,
        cpu=min(os.sched_getaffinity(0)),
    )


def told_of(recording):
    """Return everything that a sample answered, without the times."""
    asked = sorted(recording.predictions, key=lambda each: each.id)
    answers = [(each.id, each.status, each.score, str(each.parts)) for each in asked]
    return answers, [each.value for each in recording.outcomes]


def report(starts, scores, harness):
    """Print the table, the samples that differ, and the ratio."""
    first = next(iter(scores))
    print(f"\n{len(scores[first])} samples; scores compared with those of {first}\n")
    print("| | start to the first query, s | a query of `params`, ms | identical scores |")
    print("|---|---|---|---|")
    for backend, told in scores.items():
        same = sum(told[name] == scores[first][name] for name in told)
        print(
            f"| {backend} | {statistics.median(starts[backend]):.2f} | "
            f"{harness.get(backend, float('nan')):.1f} | "
            f"{same} of {len(told)} |"
        )
        for name, answers in told.items():
            if answers != scores[first][name]:
                print(f"  {name}: {answers} instead of {scores[first][name]}")
    if not harness:
        return
    print(f"{max(harness.values()) / harness.get('process', min(harness.values())):.2f}x")


if __name__ == "__main__":
    main()
