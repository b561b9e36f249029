"""Measures the cost of the 28 benchmarks: time, memory, and the batch size that fits into 4 GiB.

    python timings/bench_costs.py [--benchmark KEY …] [--core 1] [--raw build/costs.jsonl]

It uses three architectures per benchmark (``cost_choice.py``): typical, large and extreme. The
batch size is the largest of ``BATCHES``, up to the published one, for which all proxies together on
the large network, and one forward and backward pass on the extreme one, stay within ``BUDGET_MIB``:
measured at a small batch, extrapolated linearly, then verified. Then it measures building, forward
and backward pass of the typical network on every benchmark, contiguous and channels_last, each in a
fresh process (``cost_of_one.py``), and three times if below a second. All proxies together, and the
large and the extreme network, are measured once for all benchmarks whose networks differ only in
the number of classes.

Every measurement is a line in the raw file and is never repeated: interrupt and restart at will, or
run several processes with separate files and join these with ``cat``. ``--record`` measures nothing
and writes ``docs/costs.json`` and ``docs/costs.md`` for the complete benchmarks, as does a run over
all 28 at its end. The last line is the ratio of contiguous to channels_last in forward and backward
passes, the median over benchmarks.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil
import torch
from cost_choice import SAMPLE, pick, representative, size_of
from costs_page import render

from zcnas.benchmarks import BENCHMARKS, Benchmark
from zcnas.isolation.machine import cpu_model
from zcnas.organiser.costs import CostRecord
from zcnas.search_spaces import parse_spec
from zcnas.words.records import write_json

ROOT = Path(__file__).resolve().parents[1]
ONE = Path(__file__).with_name("cost_of_one.py")
LIMIT_MIB = 4096
BUDGET_MIB = LIMIT_MIB - 256
"""The rest is for the worker, which runs beside the query's child, and a predictor's tensors."""
PUBLISHED_BATCH = {"transbench101_micro": 32, "transbench101_macro": 32}
BATCHES = (2, 4, 6, 8, 12, 16, 24, 32, 48, 64)
SMALL_BATCH = 4
DECISIVE = {("large", "together"): 2.9, ("extreme", "contiguous"): 1.2}
"""What must fit, and how much memory one image needs, in multiples of what autograd keeps.

Measured on NAS-Bench-101 and -201; used to guess the batch size, which is then verified.
"""
PASSES = {
    "typical": ("contiguous", "channels_last"),
    "large": ("contiguous",),
    "extreme": ("contiguous",),
}
"""The measurements for each architecture."""
CHEAP_S = 1.0

Cost = dict[str, float]


class Measurements:
    """The raw file: maps what was measured to the measurement; lines are appended immediately.

    Args:
        path: The file.
        core: The CPU to measure on.
    """

    def __init__(self, path: Path, core: int) -> None:
        self._path = path
        self._core = core
        self._known: dict[str, Any] = {}
        if path.is_file():
            for line in path.read_text().splitlines():
                row = json.loads(line)
                self._known[row["key"]] = row["value"]

    def picked(self, benchmark: Benchmark) -> dict[str, str]:
        """Return ``pick``'s answer for a benchmark's search space."""
        space = benchmark.search_space
        picked: dict[str, str] = self._get(f"pick {space}", lambda: pick(space))
        return picked

    def size(self, benchmark: Benchmark, spec: str) -> Cost:
        """Return a network's size as in the record."""

        def measure() -> Cost:
            size = size_of(parse_spec(benchmark.search_space, spec), benchmark)
            mib = round(size.activations_mib, 2)
            return {"gmacs": round(size.gmacs, 4), "activations_mib": mib}

        known: Cost = self._get(f"size {benchmark.key} {spec}", measure)
        return known

    def has_sizes(self, benchmark: Benchmark) -> bool:
        """Return whether the measurements so far determine a benchmark's batch size."""
        picked = self._known.get(f"pick {benchmark.search_space}")
        return picked is not None and all(
            _key(benchmark, picked[role], SMALL_BATCH, action) in self._known
            for role, action in DECISIVE
        )

    def known(self, benchmark: Benchmark, spec: str, batch: int, action: str) -> bool:
        """Return whether a network has been measured."""
        return _key(benchmark, spec, batch, action) in self._known

    def cost(self, benchmark: Benchmark, spec: str, batch: int, action: str) -> Cost | None:
        """Return one network's cost, the median of three runs if cheap; None if it does not fit.

        Memory is the largest of all runs.
        """
        job = {
            "benchmark": benchmark.key,
            "spec": spec,
            "batch": batch,
            "action": action,
            "core": self._core,
        }
        known: Cost | None = self._get(
            _key(benchmark, spec, batch, action), lambda: _measure_in_fresh_processes(job)
        )
        return known

    def _get(self, key: str, measure: Callable[[], Any]) -> Any:
        if key not in self._known:
            value = self._known[key] = measure()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as lines:
                lines.write(json.dumps({"key": key, "value": value}) + "\n")
            print(key, value, flush=True)
        return self._known[key]


def _key(benchmark: Benchmark, spec: str, batch: int, action: str) -> str:
    return f"{action} {benchmark.key} B={batch} {spec}"


def _measure_in_fresh_processes(job: dict[str, Any]) -> Cost | None:
    runs = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, str(ONE), json.dumps(job)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            print(done.stderr[-2000:], file=sys.stderr)
            return None
        runs.append(json.loads(done.stdout))
        if sum(value for name, value in runs[0].items() if name.endswith("_s")) > CHEAP_S:
            break
    median = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    return {**median, "peak_mib": max(run["peak_mib"] for run in runs)}


def fitting_batch(benchmark: Benchmark, measurements: Measurements) -> int:
    """Return the largest batch that fits according to measurements or linear extrapolation.

    Benchmarks with the same layers have the same batch.
    """
    benchmark = representative(benchmark)
    published = PUBLISHED_BATCH.get(benchmark.search_space, 64)
    candidates = [batch for batch in BATCHES if batch <= published]
    for (role, action), factor in DECISIVE.items():
        spec = measurements.picked(benchmark)[role]
        small = measurements.cost(benchmark, spec, SMALL_BATCH, action) or {"peak_mib": 1e9}
        slope = factor * measurements.size(benchmark, spec)["activations_mib"]
        kept = []
        for batch in candidates:
            peak = small["peak_mib"] + slope * (batch - SMALL_BATCH)
            if measurements.known(benchmark, spec, batch, action):
                cost = measurements.cost(benchmark, spec, batch, action)
                peak = cost["peak_mib"] if cost else float("inf")
            if peak <= BUDGET_MIB:
                kept.append(batch)
        candidates = kept
    return max(candidates, default=BATCHES[0])


def measure_by_urgency(benchmarks: list[Benchmark], measurements: Measurements) -> None:
    """Measure everything: first the batch sizes, then what the limits depend on, then the rest.

    A batch size is a guess until both decisive measurements have been made with it; if it does not
    fit, the next smaller one is measured instead.
    """
    alone = [benchmark for benchmark in benchmarks if representative(benchmark) is benchmark]
    for benchmark in alone:
        print(f"{benchmark.key}: batch {fitting_batch(benchmark, measurements)}", flush=True)
    plan = [
        (alone, "extreme", "contiguous"),
        (alone, "typical", "contiguous"),
        (alone, "typical", "together"),
        (alone, "large", "together"),
        (alone, "large", "contiguous"),
        (alone, "typical", "channels_last"),
        (benchmarks, "typical", "contiguous"),
        (benchmarks, "typical", "channels_last"),
    ]
    for group, role, action in plan:
        for benchmark in group:
            spec, batch = measurements.picked(benchmark)[role], 0
            while batch != (batch := fitting_batch(benchmark, measurements)):
                measurements.cost(benchmark, spec, batch, action)


def is_complete(benchmark: Benchmark, measurements: Measurements) -> bool:
    """Return whether a benchmark's entry has been measured completely."""
    other = representative(benchmark)
    if not measurements.has_sizes(other):
        return False
    batch = fitting_batch(benchmark, measurements)
    return all(
        measurements.known(benchmark if role == "typical" else other, spec, batch, action)
        for role, spec in measurements.picked(benchmark).items()
        for action in PASSES[role]
    ) and all(
        measurements.known(other, measurements.picked(other)[role], batch, "together")
        for role in ("typical", "large")
    )


def cost_of(benchmark: Benchmark, measurements: Measurements) -> dict[str, Any]:
    """Return a benchmark's entry in the record."""
    batch, other = fitting_batch(benchmark, measurements), representative(benchmark)
    entry: dict[str, Any] = {
        "batch_size": batch,
        "measured_on": other.key,
        "published_batch_size": PUBLISHED_BATCH.get(benchmark.search_space, 64),
    }
    for role, spec in measurements.picked(benchmark).items():
        on = benchmark if role == "typical" else other
        costs: dict[str, Any] = {
            action: _rounded(measurements.cost(on, spec, batch, action)) for action in PASSES[role]
        }
        if role != "extreme":
            costs["together"] = _rounded(measurements.cost(other, spec, batch, "together"))
            costs["together"].pop("build_s")
        entry[role] = {"spec": spec, **measurements.size(on, spec), **costs}
    return entry


def _rounded(cost: Cost | None) -> Cost:
    assert cost is not None, "a network that was found to fit does not fit"
    kept: Cost = {name: round(value, 3) for name, value in cost.items()}
    if "proxies" in kept:
        kept["proxies"] = int(kept["proxies"])
    return kept


def machine(core: int) -> dict[str, str]:
    """Return what the figures depend on."""
    return {
        "cpu": cpu_model(),
        "cores": str(psutil.cpu_count()),
        "memory_gib": f"{psutil.virtual_memory().total / 2**30:.0f}",
        "pinned_to": f"CPU {core}, one thread",
        "vector_extensions": torch.backends.cpu.get_cpu_capability(),
        "torch": str(torch.__version__),
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


def main() -> None:
    """Measure what is missing and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--benchmark", action="append", choices=BENCHMARKS)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--raw", type=Path, default=ROOT / "build" / "costs.jsonl")
    parser.add_argument(
        "--record", action="store_true", help="only write the record, measure nothing"
    )
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {arguments.core})
    torch.set_num_threads(1)
    measurements = Measurements(arguments.raw, arguments.core)
    wanted = [BENCHMARKS[key] for key in arguments.benchmark or BENCHMARKS]
    if not arguments.record:
        measure_by_urgency(wanted, measurements)
    entries = {
        benchmark.key: cost_of(benchmark, measurements)
        for benchmark in wanted
        if is_complete(benchmark, measurements)
    }
    if arguments.record or len(entries) == len(BENCHMARKS):
        write_record(entries, arguments.core)
    ratios = [
        sum(entry["typical"]["contiguous"][name] for name in ("forward_s", "backward_s"))
        / sum(entry["typical"]["channels_last"][name] for name in ("forward_s", "backward_s"))
        for entry in entries.values()
    ]
    if ratios:
        print(f"{statistics.median(ratios):.2f}x")


def write_record(entries: dict[str, Any], core: int) -> None:
    """Write ``docs/costs.json`` and ``docs/costs.md``."""
    record = {
        "machine": machine(core),
        "memory_limit_mib": LIMIT_MIB,
        "benchmarks": entries,
    }
    write_json(ROOT / "docs" / "costs.json", record)
    page = render(msgspec.convert(record, CostRecord), SAMPLE)
    (ROOT / "docs" / "costs.md").write_text(page)


if __name__ == "__main__":
    main()
