"""Compares the proxies together with one by one, on the CPU and on a CUDA device, per space.

    python timings/bench_devices.py [--architectures N] [--batch-size B] [--json FILE]

The batch sizes are the published ones: 64, and 32 for TransNAS-Bench-101. One by one means each
proxy's own ``score`` on the same network, so both sides run the same code and only sharing differs.
The order of the two alternates; each architecture gives one ratio, and their median is printed with
the smallest and the largest. On the CPU it is one pinned core, one thread and CPU time; on CUDA it
is wall time with the device synchronised. Building is timed as well, and how much of it is the
initialisation: the same constructors with torch's initialisers doing nothing. The last line is the
median ratio of one by one over together on the last device measured.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import torch
from torch import Tensor, nn

from zcnas.benchmarks import Benchmark, get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.proxies import PROXIES, evaluate
from zcnas.search_spaces import SEARCH_SPACES, build_network

BATCH_SIZES = {
    "nasbench101_cifar10": 64,
    "nasbench201_cifar10": 64,
    "nasbench301_cifar10": 64,
    "transbench101_micro_class_object": 32,
    "transbench101_macro_class_object": 32,
}
INITIALISERS = ("kaiming_uniform_", "kaiming_normal_", "normal_", "uniform_", "ones_", "zeros_")


@contextlib.contextmanager
def without_initialisation() -> Iterator[None]:
    """Make torch's initialisers return their tensor as it is."""
    with contextlib.ExitStack() as stack:
        for name in INITIALISERS:
            stack.enter_context(mock.patch.object(nn.init, name, lambda tensor, *_, **__: tensor))
        yield


def seconds(device: str, action: Callable[[], object]) -> float:
    """Return what a call takes: CPU time on the CPU, wall time until it has ended on CUDA."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    begin = clock()
    action()
    if device == "cuda":
        torch.cuda.synchronize()
    return clock() - begin


def one_by_one(network: nn.Module, inputs: Tensor, targets: Tensor) -> None:
    """Compute every proxy by itself."""
    for proxy in PROXIES.values():
        proxy.score(network, inputs, targets)


def measure(benchmark: Benchmark, batch_size: int, device: str, count: int) -> dict[str, object]:
    """Return medians in seconds and ratios of one space; one architecture warms up."""
    rng = random.Random(0)
    made = load_minibatch(benchmark, batch_size, 0, None)
    batch = [torch.from_numpy(part).to(device) for part in (made.inputs, made.targets)]
    found: dict[str, list[float]] = {"build": [], "bare": [], "apart": [], "together": []}
    for index in range(-1, count):
        spec = SEARCH_SPACES[benchmark.search_space].spec.sample(rng)
        with without_initialisation():
            bare = seconds("cpu", lambda spec=spec: build_network(spec, benchmark))  # type: ignore[misc]
        torch.manual_seed(0)
        begin = time.process_time()
        network = build_network(spec, benchmark)
        build = time.process_time() - begin
        network = network.to(device)
        sides = {
            "apart": lambda network=network: one_by_one(network, *batch),
            "together": lambda network=network: evaluate(network, *batch),
        }
        if index % 2:
            sides = dict(reversed(sides.items()))
        times = {name: seconds(device, side) for name, side in sides.items()}
        if index >= 0:
            for name, value in (times | {"build": build, "bare": bare}).items():
                found[name].append(value)
    ratios = sorted(a / t for a, t in zip(found["apart"], found["together"], strict=True))
    return {
        "benchmark": benchmark.key,
        "batch": batch_size,
        "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
        "architectures": count,
        "build_s": statistics.median(found["build"]),
        "build_without_initialisation_s": statistics.median(found["bare"]),
        "one_by_one_s": statistics.median(found["apart"]),
        "together_s": statistics.median(found["together"]),
        "ratio": statistics.median(ratios),
        "ratio_smallest": ratios[0],
        "ratio_largest": ratios[-1],
        "peak_gpu_mib": torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else None,
    }


def main() -> None:
    """Print a line per space and device."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--space", action="append", choices=BATCH_SIZES)
    parser.add_argument("--device", action="append", choices=("cpu", "cuda"))
    parser.add_argument("--architectures", type=int, default=5)
    parser.add_argument("--batch-size", type=int, help="instead of the published one")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=Path, help="append a line of JSON per measurement")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {arguments.core})
    torch.set_num_threads(1)
    here = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    for device in arguments.device or here:
        for key in arguments.space or BATCH_SIZES:
            batch_size = arguments.batch_size or BATCH_SIZES[key]
            row = measure(get_benchmark(key), batch_size, device, arguments.architectures)
            print(
                f"{key:34} {row['device']} batch {batch_size}: one by one "
                f"{row['one_by_one_s']:.3f} s, together {row['together_s']:.3f} s, "
                f"{row['ratio']:.2f} ({row['ratio_smallest']:.2f} to {row['ratio_largest']:.2f}); "
                f"build {row['build_s']:.4f} s, without initialisation "
                f"{row['build_without_initialisation_s']:.4f} s",
                flush=True,
            )
            if arguments.json:
                with arguments.json.open("a") as file:
                    file.write(json.dumps(row) + "\n")
    print(f"{row['ratio']:.2f}x")


if __name__ == "__main__":
    main()
