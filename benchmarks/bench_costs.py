"""What each of the 28 benchmarks costs: time, peak memory, and the batch size that fits into 4 GiB.

    python benchmarks/bench_costs.py [--benchmark KEY …] [--core 1] [--raw build/costs.jsonl]

For each benchmark two architectures: the typical and the dearest one (``pick``). The batch size is
the largest of ``BATCHES``, at most the published one, at which all proxies together on the dearest
network stay within ``BUDGET_MIB``: measured at a small batch, extrapolated on a line, verified.
Then build, forward and backward are measured for both architectures of every benchmark, contiguous
and channels_last, each in a fresh process (``cost_of_one.py``), the cheap ones three times. All
proxies together are measured once for benchmarks whose networks differ in nothing but the number of
classes (``representative``).

Every measurement is a line of the raw file, and what is there is not measured again: interrupt and
call again as you like. Once all 28 are complete, ``docs/costs.json`` and ``docs/costs.md`` are
written. The last line is the ratio of contiguous to channels_last in forward and backward.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import psutil
import torch
from costs_page import render
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from zcnas.benchmarks import BENCHMARKS, Benchmark
from zcnas.costs import CostRecord
from zcnas.machine import cpu_model
from zcnas.records import write_json
from zcnas.search_spaces import SPECS, Spec, build_network, import_networks, parse_spec

ROOT = Path(__file__).resolve().parents[1]
ONE = Path(__file__).with_name("cost_of_one.py")
LIMIT_MIB = 4096
BUDGET_MIB = LIMIT_MIB - 256
"""What is left is for the worker beside the query's child, and for a predictor's own tensors."""
PUBLISHED_BATCH = {"transbench101_micro": 32, "transbench101_macro": 32}
BATCHES = (2, 4, 8, 12, 16, 24, 32, 48, 64)
SMALL_BATCH = 4
PEAK_PER_ACTIVATIONS = 2.9
"""What all proxies together need per image, in multiples of what autograd keeps of its forward.

Measured on NAS-Bench-101 and -201; used to guess the batch size, which is then verified.
"""
PICKED_ON = {
    "transbench101_micro": "transbench101_micro_class_scene",
    "transbench101_macro": "transbench101_macro_autoencoder",
}
"""Search space to the benchmark whose sizes decide, where it has no cifar10."""
SAMPLE = 20
CLIMB = 40
CHEAP_S = 1.0


@dataclass(frozen=True)
class Size:
    """What a network needs by its shapes alone, per image."""

    spec: Spec
    activations_mib: float
    gmacs: float

    @property
    def price(self) -> tuple[float, float]:
        """What to compare networks by: memory, and time among those that need the same."""
        return round(self.activations_mib, 2), self.gmacs


class Measurements:
    """The raw file: a dict of measurements by what was measured, each line appended as it is made.

    Args:
        path: The file.
        core: The CPU that measures.
    """

    def __init__(self, path: Path, core: int) -> None:
        self._path = path
        self._core = core
        self._known: dict[str, Any] = {}
        if path.is_file():
            for line in path.read_text().splitlines():
                row = json.loads(line)
                self._known[row["key"]] = row["value"]

    def get(self, key: str, measure: Any) -> Any:
        """Return what is known under ``key``, measuring it if nothing is."""
        if key not in self._known:
            value = self._known[key] = measure()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as lines:
                lines.write(json.dumps({"key": key, "value": value}) + "\n")
            print(key, value, flush=True)
        return self._known[key]

    def has_no_room(self, benchmark: Benchmark, spec: str, batch: int, budget_mib: float) -> bool:
        """Return whether all proxies were measured on a network and needed more than the budget."""
        cost = self._known.get(_key(benchmark, spec, batch, "together"), {"peak_mib": 0})
        return cost is None or cost["peak_mib"] > budget_mib

    def of_network(
        self, benchmark: Benchmark, spec: str, batch: int, action: str
    ) -> dict[str, float] | None:
        """Return the cost of one network, medians of three runs if cheap; None if it has no room.

        Memory is the largest of the runs.
        """
        job = {
            "benchmark": benchmark.key,
            "spec": spec,
            "batch": batch,
            "action": action,
            "core": self._core,
        }

        def measure() -> dict[str, float] | None:
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

        known: dict[str, float] | None = self.get(_key(benchmark, spec, batch, action), measure)
        return known


def _key(benchmark: Benchmark, spec: str, batch: int, action: str) -> str:
    return f"{action} {benchmark.key} B={batch} {spec}"


def size_of(spec: Spec, benchmark: Benchmark) -> Size:
    """Return what autograd keeps of one image and its multiply-accumulates; nothing is computed."""
    kept: dict[int, torch.UntypedStorage] = {}
    with torch.device("meta"):
        network = build_network(spec, benchmark)
        images = torch.empty(2, *benchmark.dataset.input_shape)
    weights = {parameter.untyped_storage()._cdata for parameter in network.parameters()}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in weights:
            kept[storage._cdata] = storage
        return tensor

    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        FlopCounterMode(display=False) as counter,
    ):
        network(images)
    activations = sum(storage.nbytes() for storage in kept.values()) / len(images) / 2**20
    return Size(spec, activations, counter.get_total_flops() / 2 / len(images) / 1e9)


def pick(benchmark: Benchmark) -> dict[str, str]:
    """Return the typical and the dearest architecture of a benchmark.

    Typical is the one of a seeded sample whose multiply-accumulates are nearest to the sample's
    mean. Dearest is where a climb over one-edit neighbours ends that starts at the sample's
    largest and goes up in what autograd keeps, then in multiply-accumulates.
    """
    rng = random.Random(0)
    import_networks(benchmark)
    sample = [size_of(SPECS[benchmark.search_space].sample(rng), benchmark) for _ in range(SAMPLE)]
    mean = statistics.mean(size.gmacs for size in sample)
    typical = min(sample, key=lambda size: abs(size.gmacs - mean))
    dearest = max(sample, key=lambda size: size.price)
    neighbours = list(dearest.spec.neighbours())
    rng.shuffle(neighbours)
    for _ in range(CLIMB):
        if not neighbours:
            break
        other = size_of(neighbours.pop(), benchmark)
        if other.price > dearest.price:
            dearest = other
            neighbours = list(dearest.spec.neighbours())
            rng.shuffle(neighbours)
    return {"typical": str(typical.spec), "dearest": str(dearest.spec)}


def picked_for(benchmark: Benchmark, measurements: Measurements) -> dict[str, str]:
    """Return ``pick``'s answer, which the benchmarks of a search space share."""
    key = PICKED_ON.get(benchmark.search_space, f"{benchmark.search_space}_cifar10")
    picked: dict[str, str] = measurements.get(
        f"pick {benchmark.search_space}", lambda: pick(BENCHMARKS[key])
    )
    return picked


def shape_group(benchmark: Benchmark) -> str:
    """Return what decides which networks are large: the space and what follows the encoder."""
    target = benchmark.dataset.target
    kind = {"normal": "image", "soft_label": "pooled", "layout": "pooled"}.get(target, target)
    return f"{benchmark.search_space} {kind}"


def representative(benchmark: Benchmark) -> Benchmark:
    """Return the first benchmark whose networks have the same layers before the classifier."""

    def trunk(other: Benchmark) -> tuple[str, tuple[int, ...]]:
        return shape_group(other), other.dataset.input_shape

    return next(other for other in BENCHMARKS.values() if trunk(other) == trunk(benchmark))


def fitting_batch(benchmark: Benchmark, dearest: str, measurements: Measurements) -> int:
    """Return the largest batch at which all proxies on the dearest network should have room."""
    small = measurements.of_network(benchmark, dearest, SMALL_BATCH, "together")
    assert small is not None, f"{benchmark.key} does not even fit with {SMALL_BATCH} images"
    slope = PEAK_PER_ACTIVATIONS * size_for(benchmark, dearest, measurements)["activations_mib"]
    published = PUBLISHED_BATCH.get(benchmark.search_space, 64)
    fitting = [
        batch
        for batch in BATCHES
        if batch <= published and small["peak_mib"] + slope * (batch - SMALL_BATCH) <= BUDGET_MIB
    ]
    for batch in reversed(fitting):
        if not measurements.has_no_room(benchmark, dearest, batch, BUDGET_MIB):
            return batch
    return BATCHES[0]


def measure_by_urgency(benchmarks: list[Benchmark], measurements: Measurements) -> None:
    """Measure everything, what others wait for first: batch sizes, then what limits follow from.

    A batch size is a guess until all proxies have run at it; if they have no room, the next smaller
    one is measured instead.
    """
    alone = [benchmark for benchmark in benchmarks if representative(benchmark) is benchmark]
    plan: list[tuple[list[Benchmark], str, str]] = [(alone, "dearest", "")]
    plan += [(alone, "dearest", "together"), (alone, "typical", "together")]
    plan += [
        (group, role, action)
        for group in (alone, benchmarks)
        for action in ("contiguous", "channels_last")
        for role in ("typical", "dearest")
    ]
    for group, role, action in plan:
        for benchmark in group:
            _measure(benchmark, role, action, measurements)


def _measure(benchmark: Benchmark, role: str, action: str, measurements: Measurements) -> None:
    picked, alone = picked_for(benchmark, measurements), representative(benchmark)
    batch = fitting_batch(alone, picked["dearest"], measurements)
    print(f"{benchmark.key}: batch {batch}", flush=True)
    while action:
        measurements.of_network(benchmark, picked[role], batch, action)
        before, batch = batch, fitting_batch(alone, picked["dearest"], measurements)
        if batch == before:
            break


def size_for(benchmark: Benchmark, spec: str, measurements: Measurements) -> dict[str, float]:
    """Return the size of a network, as the record holds it."""

    def measure() -> dict[str, float]:
        size = size_of(parse_spec(benchmark.search_space, spec), benchmark)
        return {"gmacs": round(size.gmacs, 4), "activations_mib": round(size.activations_mib, 2)}

    known: dict[str, float] = measurements.get(f"size {benchmark.key} {spec}", measure)
    return known


def cost_of(benchmark: Benchmark, measurements: Measurements) -> dict[str, Any]:
    """Return a benchmark's entry of the record."""
    other = representative(benchmark)
    picked = picked_for(benchmark, measurements)
    batch = fitting_batch(other, picked["dearest"], measurements)
    entry: dict[str, Any] = {
        "batch_size": batch,
        "published_batch_size": PUBLISHED_BATCH.get(benchmark.search_space, 64),
    }
    for role, spec in picked.items():
        size = size_for(benchmark, spec, measurements)
        costs: dict[str, Any] = {
            action: _rounded(measurements.of_network(benchmark, spec, batch, action))
            for action in ("contiguous", "channels_last")
        }
        together = _rounded(measurements.of_network(other, spec, batch, "together"))
        together.pop("build_s")
        costs["together"] = {**together, "measured_on": other.key}
        entry[role] = {"spec": spec, **size, **costs}
    return entry


def _rounded(cost: dict[str, float] | None) -> dict[str, float]:
    assert cost is not None, "a network that was found to fit does not fit"
    kept: dict[str, float] = {name: round(value, 3) for name, value in cost.items()}
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
        "torch": torch.__version__,
        "python": platform.python_version(),
        "kernel": platform.release(),
    }


def main() -> None:
    """Measure what is missing and write the record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--benchmark", action="append", choices=BENCHMARKS)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--raw", type=Path, default=ROOT / "build" / "costs.jsonl")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {arguments.core})
    torch.set_num_threads(1)
    measurements = Measurements(arguments.raw, arguments.core)
    wanted = [BENCHMARKS[key] for key in arguments.benchmark or BENCHMARKS]
    measure_by_urgency(wanted, measurements)
    entries = {benchmark.key: cost_of(benchmark, measurements) for benchmark in wanted}
    if list(entries) == list(BENCHMARKS):
        record = {
            "machine": machine(arguments.core),
            "memory_limit_mib": LIMIT_MIB,
            "benchmarks": entries,
        }
        write_json(ROOT / "docs" / "costs.json", record)
        page = render(msgspec.convert(record, CostRecord), SAMPLE)
        (ROOT / "docs" / "costs.md").write_text(page)
    ratios = [
        sum(entry["typical"]["contiguous"][name] for name in ("forward_s", "backward_s"))
        / sum(entry["typical"]["channels_last"][name] for name in ("forward_s", "backward_s"))
        for entry in entries.values()
    ]
    print(f"{statistics.median(ratios):.2f}x")


if __name__ == "__main__":
    main()
