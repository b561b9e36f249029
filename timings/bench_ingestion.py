"""Measures what the ingestion adds to the queries themselves: fork, frames, seeds, flush.

It runs the synflow sample on the practice phase's CIFAR-10 architectures on one pinned core and
compares the whole ingestion (recorder, worker as a subprocess, a fork per query) with a bare loop
in one process that builds the same networks under the same seeds and queries the same predictor. A
third variant is that loop with just a fork per query: the price of giving every query its own
process. The three alternate in blocks, in the worker's environment. The price of the
fork is taken apart as well: a fork whose child exits at once; what the first build and query in a
child take longer than the second ones there, which is the first touch of its pages; and exit with
the wait for it. Start-up is reported separately, for a process and, if an engine answers, for a
container. The last line is the ratio of the medians per architecture.

Usage: python timings/bench_ingestion.py [blocks]
"""

import dataclasses
import gc
import itertools
import os
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import torch
from torch.utils.data import DataLoader, TensorDataset

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets import load_minibatch
from zcnas.ingestion.ingest import IngestionJob, ingest
from zcnas.ingestion.sinks import Recording
from zcnas.isolation import WORKER_ENVIRONMENT
from zcnas.isolation.choice import choose_isolation
from zcnas.isolation.engine import engine_answers
from zcnas.isolation.process import ProcessIsolation
from zcnas.isolation.program import stage_worker
from zcnas.phases import load_phase
from zcnas.search_spaces import build_network, parse_spec
from zcnas.submissions import digest_of
from zcnas.words.records import read_input
from zcnas.words.seeds import derive_seed
from zcnas.worker.contract import load_predictor

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


def forked_loop(data, minibatch, predictor):
    """Return the seconds of each query, including building, in a child that exits afterwards."""
    dataset = TensorDataset(torch.from_numpy(minibatch.inputs), torch.from_numpy(minibatch.targets))
    loader = DataLoader(dataset, batch_size=len(minibatch.inputs))
    gc.collect()
    gc.freeze()
    times = []
    for architecture in data.architectures:
        begin = time.perf_counter()
        reader, writer = os.pipe()
        if os.fork() == 0:
            torch.manual_seed(derive_seed(data.eval_seed, data.benchmark, architecture.spec))
            network = build_network(parse_spec(data.search_space, architecture.spec), BENCHMARK)
            os.write(writer, struct.pack("d", predictor.query(network, dataloader=loader)))
            os._exit(0)
        os.close(writer)
        assert len(os.read(reader, 8)) == 8
        os.close(reader)
        os.wait()
        times.append(time.perf_counter() - begin)
    gc.unfreeze()
    return times


def parts_of_forks(data, minibatch, predictor):
    """Return the milliseconds of each part of a forked query, medians over the architectures."""
    dataset = TensorDataset(torch.from_numpy(minibatch.inputs), torch.from_numpy(minibatch.targets))
    loader = DataLoader(dataset, batch_size=len(minibatch.inputs))
    gc.collect()
    gc.freeze()
    parts = {}
    for architecture in data.architectures:
        begin = time.perf_counter()
        if os.fork() == 0:
            os._exit(0)
        os.wait()
        empty = time.perf_counter() - begin
        reader, writer = os.pipe()
        begin = time.perf_counter()
        if os.fork() == 0:
            stamps = [begin, time.perf_counter()]
            for _ in range(2):
                torch.manual_seed(derive_seed(data.eval_seed, data.benchmark, architecture.spec))
                network = build_network(parse_spec(data.search_space, architecture.spec), BENCHMARK)
                stamps.append(time.perf_counter())
                predictor.query(network, dataloader=loader)
                stamps.append(time.perf_counter())
            os.write(writer, struct.pack("7d", *stamps, time.perf_counter()))
            os._exit(0)
        told = struct.unpack("7d", os.read(reader, 56))
        os.wait()
        ended = time.perf_counter()
        os.close(reader)
        os.close(writer)
        start, build, query, build_again, query_again, _ = (
            after - before for before, after in itertools.pairwise(told)
        )
        for name, taken in {
            "an empty fork": empty,
            "until the child runs": start,
            "first touch, building": build - build_again,
            "first touch, querying": query - query_again,
            "exit and wait": ended - told[-1],
        }.items():
            parts.setdefault(name, []).append(taken)
    gc.unfreeze()
    return {name: median_ms(times) for name, times in parts.items()}


class Stamped(Recording):
    """A recording that notes when each prediction arrives."""

    def __init__(self):
        super().__init__()
        self.stamps = [time.perf_counter()]

    def add_prediction(self, prediction):
        """Store a prediction and its time."""
        super().add_prediction(prediction)
        self.stamps.append(time.perf_counter())


def ingested(job, isolation):
    """Return the manifest and the seconds that the whole ingestion takes for each architecture."""
    recording = Stamped()
    public = ingest(job, isolation, recording).public
    times = [after - before for before, after in itertools.pairwise(recording.stamps)]
    assert all(prediction.status == "ok" for prediction in recording.predictions)
    times[0] -= public.start_up_s + public.setup_wall_s
    return public, times


def median_ms(seconds):
    """Return the median in milliseconds."""
    return 1e3 * statistics.median(seconds)


def main():
    """Print medians, start-up times and the ratio."""
    if os.environ.get("GLIBC_TUNABLES") != WORKER_ENVIRONMENT["GLIBC_TUNABLES"]:
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | WORKER_ENVIRONMENT)
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    cpu = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cpu})
    torch.set_num_threads(1)
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
    data = read_input(ROOT / "starting_kit" / "input_data" / f"{BENCHMARK.key}.json")
    minibatch = load_minibatch(BENCHMARK, data.batch_size, data.eval_seed, None)
    predictor = load_predictor(SUBMISSION)
    bare_times, forked_times, full_times, start_ups = [], [], [], []
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
            forked_times += forked_loop(some, minibatch, predictor)
            public, times = ingested(dataclasses.replace(job, data=some), ProcessIsolation())
            full_times += times
            start_ups.append(public.start_up_s + public.setup_wall_s)
        bare, forked, full = map(median_ms, (bare_times, forked_times, full_times))
        print(f"bare loop            median {bare:7.1f} ms per architecture")
        print(f"a fork, nothing else median {forked:7.1f} ms per architecture")
        print(f"whole ingestion      median {full:7.1f} ms per architecture")
        for name, times in (
            ("fork over bare loop", forked_times),
            ("whole over bare loop", full_times),
        ):
            extra = [after - before for before, after in zip(bare_times, times, strict=True)]
            print(f"{name:20s} median {median_ms(extra):7.1f} ms per architecture")
        some = msgspec.structs.replace(data, architectures=data.architectures[:30])
        for name, taken in parts_of_forks(some, minibatch, predictor).items():
            print(f"  {name:22s} {taken:5.1f} ms")
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
