"""Five cheap ratios, each of what we do to a yardstick measured beside it: lower is better.

A round measures both sides within seconds of each other, in CPU time on one pinned core with one
thread, so what else the machine does hits both. ``history.py`` records them, draws them over
commits and fails where one has grown beyond its noise.

| ratio | ours | yardstick |
|---|---|---|
| query | synflow queries of a worker, each in its forked child | the same in a bare loop |
| start | a worker until its first query | an interpreter that imports torch |
| build | networks of the five spaces, geometric mean | drawing as many random numbers |
| proxies | all thirteen together | one by one |
| taus | tau of 14 × 1,000 predictions | its definition over all pairs |
"""

import math
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import torch
from bench_build import BUILT
from bench_ingestion import SUBMISSION, bare_loop
from bench_scoring import tau_over_all_pairs

from zcnas.benchmarks import BENCHMARKS, Benchmark
from zcnas.datasets import load_minibatch
from zcnas.ingestion.ingest import IngestionJob, ingest
from zcnas.ingestion.sinks import Recording
from zcnas.isolation import WORKER_ENVIRONMENT
from zcnas.isolation.process import ProcessIsolation
from zcnas.isolation.program import stage_worker
from zcnas.judging.metrics import kendall_tau
from zcnas.phases import load_phase
from zcnas.proxies import PROXIES, evaluate
from zcnas.search_spaces import SEARCH_SPACES, build_network
from zcnas.submissions import digest_of
from zcnas.words.records import read_input
from zcnas.worker.contract import load_predictor

ROOT = Path(__file__).resolve().parents[1]
RATIOS = ("query", "start", "build", "proxies", "taus")
QUERIED = BENCHMARKS["nasbench201_cifar10"]
QUERIES = 8
BATCH_SIZE = 8
TAUS, PREDICTIONS = 14, 1000


def rounds() -> Iterator[dict[str, float]]:
    """Yield the ratios of one round after the other, without end; both sides are warm.

    In the environment of a worker (``enter_environment``).
    """
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary).chmod(0o755)
        warm = (_build_rounds(), _proxy_rounds(), _tau_rounds())
        for part in warm:
            next(part)
        parts = (_worker_rounds(Path(temporary)), *warm)
        while True:
            yield {name: value for part in parts for name, value in next(part).items()}


def enter_environment() -> None:
    """Begin anew on one core and in a worker's environment, unless this process has it."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if any(os.environ.get(name) != value for name, value in WORKER_ENVIRONMENT.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | WORKER_ENVIRONMENT)


def _worker_rounds(folder: Path) -> Iterator[dict[str, float]]:
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
    data = read_input(ROOT / "starting_kit" / "input_data" / f"{QUERIED.key}.json")
    data = msgspec.structs.replace(data, architectures=data.architectures[:QUERIES])
    minibatch = load_minibatch(QUERIED, data.batch_size, data.eval_seed, None)
    job = IngestionJob(
        data=data,
        minibatch=minibatch,
        submission=SUBMISSION,
        submission_name=SUBMISSION.name,
        submission_sha256=digest_of(SUBMISSION),
        program=stage_worker(folder / "program"),
        limits=phase.limits,
        cpu=max(os.sched_getaffinity(0)),
    )
    predictor = load_predictor(SUBMISSION)
    bare_loop(data, minibatch, predictor)
    while True:
        bare = _seconds(lambda: bare_loop(data, minibatch, predictor))
        importing = _seconds_of_children(lambda: _run_python("import os, torch; os._exit(0)"))
        recording = Recording()
        public = ingest(job, ProcessIsolation(), recording).public
        asked = [each.cpu_time_s or 0.0 for each in recording.predictions]
        if not all(each.status == "ok" for each in recording.predictions):
            raise SystemExit(f"a query failed: {recording.predictions}")
        yield {"query": sum(asked) / bare, "start": (public.cpu_time_s - sum(asked)) / importing}


def _build_rounds() -> Iterator[dict[str, float]]:
    spaces = [BENCHMARKS[key] for key in BUILT]
    drawn = {
        each.key: SEARCH_SPACES[each.search_space].spec.sample(random.Random(3)) for each in spaces
    }

    def build(benchmark: Benchmark) -> torch.nn.Module:
        return build_network(drawn[benchmark.key], benchmark)

    sizes = {
        each.key: sum(parameter.numel() for parameter in build(each).parameters())
        for each in spaces
    }
    numbers = torch.empty(max(sizes.values()))
    while True:
        logarithms = [
            math.log(
                _best(lambda each=each: build(each))
                / _best(lambda each=each: numbers[: sizes[each.key]].uniform_())
            )
            for each in spaces
        ]
        yield {"build": math.exp(statistics.mean(logarithms))}


def _proxy_rounds() -> Iterator[dict[str, float]]:
    made = load_minibatch(QUERIED, BATCH_SIZE, 0, None)
    batch = torch.from_numpy(made.inputs), torch.from_numpy(made.targets)
    network = build_network(
        SEARCH_SPACES[QUERIED.search_space].spec.sample(random.Random(3)), QUERIED
    )

    def one_by_one() -> None:
        for proxy in PROXIES.values():
            proxy.score(network, *batch)

    while True:
        apart = _seconds(one_by_one)
        yield {"proxies": _seconds(lambda: evaluate(network, *batch)) / apart}


def _tau_rounds() -> Iterator[dict[str, float]]:
    rng = np.random.default_rng(0)
    truth = rng.normal(90, 3, (TAUS, PREDICTIONS))
    scores = truth + rng.normal(0, 5, truth.shape)
    pairs = list(zip(scores.tolist(), truth.tolist(), strict=True))
    while True:
        ours = _best(lambda: [kendall_tau(*pair) for pair in pairs])
        yield {"taus": ours / _best(lambda: [tau_over_all_pairs(*pair) for pair in pairs])}


def _best(action: Callable[[], object], repetitions: int = 3) -> float:
    """Return the CPU seconds of a call, the least of several: other work only adds."""
    return min(_seconds(action) for _ in range(repetitions))


def _seconds(action: Callable[[], object]) -> float:
    begin = time.process_time()
    action()
    return time.process_time() - begin


def _seconds_of_children(action: Callable[[], object]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    action()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run_python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)
