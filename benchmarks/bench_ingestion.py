"""What the ingestion adds to the queries themselves: fork, frames, seeds, flush.

The synflow sample on the practice phase's CIFAR-10 architectures, on one pinned core: the whole
ingestion (recorder, worker as a subprocess, a fork per query) against a bare loop in one process
that builds the same networks under the same seeds and asks the same predictor. The two alternate in
blocks. Start-up is stated separately, of a process and, where an engine answers, of a container.
Last comes the ratio of the medians per architecture.

Usage: python benchmarks/bench_ingestion.py [blocks]
"""

import dataclasses
import itertools
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import torch
from torch.utils.data import DataLoader, TensorDataset

from ingestion_program.ingestion import IngestionJob, ingest
from zcnas.benchmarks import BENCHMARKS
from zcnas.contract import load_predictor
from zcnas.datasets import load_minibatch
from zcnas.isolation.choice import choose_isolation
from zcnas.isolation.container import engine_answers
from zcnas.isolation.process import ProcessIsolation
from zcnas.isolation.program import stage_worker
from zcnas.phases import load_phase
from zcnas.records import read_input, read_predictions
from zcnas.search_spaces import build_network, parse_spec
from zcnas.seeds import derive_seed
from zcnas.submissions import digest_of

ROOT = Path(__file__).resolve().parents[1]
BENCHMARK = BENCHMARKS["nasbench201_cifar10"]
SUBMISSION = ROOT / "starting_kit" / "submissions" / "synflow"


def bare_loop(data, minibatch, predictor):
    """Return the seconds of each query in this process."""
    dataset = TensorDataset(torch.from_numpy(minibatch.inputs), torch.from_numpy(minibatch.targets))
    loader = DataLoader(dataset, batch_size=len(minibatch.inputs))
    times = []
    for architecture in data.architectures:
        begin = time.perf_counter()
        torch.manual_seed(derive_seed(data.eval_seed, data.benchmark, architecture.spec))
        network = build_network(parse_spec(data.search_space, architecture.spec), BENCHMARK)
        predictor.query(network, dataloader=loader)
        times.append(time.perf_counter() - begin)
    return times


def ingested(job, isolation):
    """Return the manifest and the seconds the whole ingestion spends on each architecture."""
    stamps = [time.perf_counter()]
    begun = dataclasses.replace(
        job, on_prediction=lambda prediction: stamps.append(time.perf_counter())
    )
    public = ingest(begun, isolation).public
    times = [after - before for before, after in itertools.pairwise(stamps)]
    predictions = read_predictions(job.output / f"{job.data.benchmark}.predictions.jsonl")
    assert all(prediction.status == "ok" for prediction in predictions)
    times[0] -= public.start_up_s + public.setup_wall_s
    return public, times


def main():
    """Print medians, start-up times and the ratio."""
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    cpu = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})
    torch.set_num_threads(1)
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
    data = read_input(ROOT / "starting_kit" / "input_data" / f"{BENCHMARK.key}.json")
    minibatch = load_minibatch(BENCHMARK, data.batch_size, data.eval_seed, None)
    predictor = load_predictor(SUBMISSION)
    bare_times, full_times, start_ups = [], [], []
    size = len(data.architectures) // blocks
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o755)
        job = IngestionJob(
            data=data,
            minibatch=minibatch,
            submission=SUBMISSION,
            submission_name="synflow",
            submission_sha256=digest_of(SUBMISSION),
            program=stage_worker(Path(temporary) / "program"),
            limits=phase.limits,
            cpu=cpu,
            output=Path(temporary) / "output",
        )
        bare_loop(
            msgspec.structs.replace(data, architectures=data.architectures[:3]),
            minibatch,
            predictor,
        )
        for block in range(blocks):
            part = data.architectures[block * size : (block + 1) * size]
            some = msgspec.structs.replace(data, architectures=part)
            bare_times += bare_loop(some, minibatch, predictor)
            public, times = ingested(dataclasses.replace(job, data=some), ProcessIsolation())
            full_times += times
            start_ups.append(public.start_up_s + public.setup_wall_s)
        bare, full = (1e3 * statistics.median(times) for times in (bare_times, full_times))
        extra = [1e3 * (b - a) for a, b in zip(bare_times, full_times, strict=True)]
        print(f"bare loop            median {bare:7.1f} ms per architecture")
        print(f"whole ingestion      median {full:7.1f} ms per architecture")
        print(f"difference           median {statistics.median(extra):7.1f} ms per architecture")
        print(
            f"start-up, process    median {statistics.median(start_ups):7.2f} s to the first query"
        )
        if engine_answers():
            isolation = choose_isolation("docker", phase, print)
            few = msgspec.structs.replace(data, architectures=data.architectures[:5])
            container_starts = []
            for _ in range(3):
                public, _ = ingested(dataclasses.replace(job, data=few), isolation)
                container_starts.append(public.start_up_s + public.setup_wall_s)
            median = statistics.median(container_starts)
            print(f"start-up, container  median {median:7.2f} s to the first query")
    print(f"{full / bare:.2f}x")


if __name__ == "__main__":
    main()
