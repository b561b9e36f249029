"""Measures what a busy neighbour does to CPU seconds, and to reference seconds.

Two CPUs ask the same submission for the same networks, in turns, each turn a run of its own with
its own calibration. Beside the second CPU's worker a neighbour copies large arrays all the time, at
the same priority. A CPU second of the second CPU then does less work: the same queries are measured
to use more of them. In reference seconds that difference should be gone. The last line is what is
left of it, the ratio of the two CPUs' medians in reference seconds.

Usage: python timings/bench_neighbour.py [turns]
"""

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets import load_minibatch
from zcnas.ingestion.gauge import Gauge
from zcnas.ingestion.ingest import IngestionJob, ingest
from zcnas.ingestion.sinks import Recording
from zcnas.isolation.process import ProcessIsolation
from zcnas.isolation.program import stage_worker
from zcnas.phases import load_phase
from zcnas.submissions import digest_of
from zcnas.words.records import read_input

ROOT = Path(__file__).resolve().parents[1]
BENCHMARK = BENCHMARKS["nasbench201_cifar10"]
SUBMISSION = ROOT / "starting_kit" / "submissions" / "grad_norm"
NETWORKS = 25
NEIGHBOUR = """
import os, sys
import numpy as np
os.sched_setaffinity(0, {int(sys.argv[1])})
source = np.ones(16 << 20)
target = np.empty_like(source)
while True:
    np.copyto(target, source)
"""


@contextlib.contextmanager
def neighbour(cpu):
    """Keep a CPU and the caches busy."""
    with subprocess.Popen([sys.executable, "-c", NEIGHBOUR, str(cpu)]) as process:
        try:
            yield
        finally:
            process.kill()


def measured(job):
    """Return each query's seconds of the CPU, the same in reference seconds, and the factor."""
    recording = Recording()
    manifest = ingest(job, ProcessIsolation(), recording)
    assert all(each.status == "ok" for each in recording.predictions)
    (factor,) = manifest.public.reference_factors
    reference = [each.cpu_time_s for each in recording.predictions]
    return [factor * each for each in reference], reference, factor


def spread(values):
    """Return the distance between the quartiles in percent of the median."""
    low, middle, high = statistics.quantiles(values, n=4)
    return 100 * (high - low) / middle


def main():
    """Print a table and what is left of the difference."""
    turns = int(sys.argv[1]) if len(sys.argv) > 1 else 6
    quiet, busy = sorted(os.sched_getaffinity(0))[:2]
    phase = load_phase(ROOT / "reference_data" / "phases.toml", "practice")
    data = read_input(ROOT / "starting_kit" / "input_data" / f"{BENCHMARK.key}.json")
    data = msgspec.structs.replace(data, architectures=data.architectures[:NETWORKS])
    plain, reference, factors = ({quiet: [], busy: []} for _ in range(3))
    with tempfile.TemporaryDirectory() as temporary, neighbour(busy):
        Path(temporary).chmod(0o755)
        program = stage_worker(Path(temporary) / "program")
        for _ in range(turns):
            for cpu in (quiet, busy):
                job = IngestionJob(
                    data=data,
                    minibatch=load_minibatch(BENCHMARK, data.batch_size, data.eval_seed, None),
                    submission=SUBMISSION,
                    submission_name=SUBMISSION.name,
                    submission_sha256=digest_of(SUBMISSION),
                    program=program,
                    limits=phase.limits,
                    cpu=cpu,
                    gauge=Gauge(),
                    reference_seconds=True,
                )
                in_cpu, in_reference, factor = measured(job)
                print(f"CPU {cpu}: {sum(in_cpu):.2f} CPU s, factor {factor:.2f}", flush=True)
                plain[cpu].append(sum(in_cpu))
                reference[cpu].append(sum(in_reference))
                factors[cpu].append(factor)
    print(f"{NETWORKS} networks, {turns} turns; a turn's seconds together:\n")
    print("| | CPU seconds: median, lowest to highest | reference seconds | factors |")
    print("|---|---|---|---|")
    for name, cpu in (("left alone", quiet), ("beside a busy neighbour", busy)):
        cells = (
            f"{statistics.median(each[cpu]):.2f}, {min(each[cpu]):.2f} to {max(each[cpu]):.2f}"
            for each in (plain, reference, factors)
        )
        print(f"| {name} | {' | '.join(cells)} |")
    shifts = [
        statistics.median(each[busy]) / statistics.median(each[quiet])
        for each in (plain, reference)
    ]
    together = (spread(plain[quiet] + plain[busy]), spread(reference[quiet] + reference[busy]))
    print(f"| neighbour / alone | {shifts[0]:.2f} | {shifts[1]:.2f} | |")
    print(f"| spread of all turns (quartiles) | {together[0]:.0f} % | {together[1]:.0f} % | |")
    print(f"{shifts[1]:.2f}x")


if __name__ == "__main__":
    main()
