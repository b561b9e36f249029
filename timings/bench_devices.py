"""Compares the proxies together with one by one per space, and says where the time together goes.

    python timings/bench_devices.py [--minutes 12] [--batch-size B] [--json FILE]

The batch sizes are the published ones: 64, and 32 for TransNAS-Bench-101. One by one means each
proxy's own ``score`` on the same network, so both sides run the same code and only sharing differs.
The order of the two alternates; each architecture gives one ratio, and their median is printed with
the smallest and the largest. Rounds of one architecture per space follow each other while the time
lasts, so an expensive space has fewer architectures; the first round always ends. On the CPU it is
one pinned core, one thread and CPU time; on CUDA it is wall time with the device synchronised. The
tasks with large heads come with ``--space transbench101_micro_autoencoder`` and so on.

On the CPU the first architecture together runs under torch's profiler (it costs about a hundredth),
for the **floor**: the shares of convolutions, of BatchNorm and of all other kernels, and what is
left for Python, autograd's engine and the dispatch of operations. ``peak`` is the memory that the
process holds at most meanwhile, network and torch included. The last line is the median ratio of
one by one over together of the last space on the last device.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile

from zcnas.benchmarks import get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.proxies import PROXIES, evaluate
from zcnas.search_spaces import SEARCH_SPACES, build_network

BATCH_SIZES = {
    "nasbench201_cifar10": 64,
    "nasbench301_cifar10": 64,
    "nasbench101_cifar10": 64,
    "transbench101_micro_class_object": 32,
    "transbench101_macro_class_object": 32,
    "transbench101_micro_autoencoder": 32,
    "transbench101_micro_segmentsemantic": 32,
}
"""The published batch size of one benchmark per space, and of two tasks with large heads."""
SPACES = list(BATCH_SIZES)[:5]
WARM_UP = 2
KINDS = {"convolution": "conv", "batch_norm": "norm", "mm": "products", "pool": "pooling"}
"""What a kernel counts as, by a part of its name; all others are "other"."""


class Measured:
    """One benchmark on one device, an architecture after the other.

    Attributes:
        apart: Seconds one by one, an element per architecture.
        together: Seconds together.
        shares: Shares of the time together by kind of kernel, "python" for the rest; CPU only.
        peak_mib: Resident memory while computing together.
        took_s: Wall seconds of the last architecture.
    """

    def __init__(self, key: str, batch_size: int, device: str) -> None:
        self._benchmark = get_benchmark(key)
        made = load_minibatch(self._benchmark, batch_size, 0, None)
        self._batch = [torch.from_numpy(part).to(device) for part in (made.inputs, made.targets)]
        self._device = device
        has_classes = self._benchmark.dataset.target in ("label", "soft_label", "permutation")
        self._names = [name for name in PROXIES if has_classes or name != "epe_nas"]
        self._rng = random.Random(0)
        self.apart: list[float] = []
        self.together: list[float] = []
        self.shares: dict[str, float] = {}
        self.peak_mib = 0.0
        self.took_s = 0.0

    def measure_one(self) -> None:
        """Measure the next architecture."""
        begin = time.perf_counter()
        spec = SEARCH_SPACES[self._benchmark.search_space].spec.sample(self._rng)
        torch.manual_seed(0)
        network = build_network(spec, self._benchmark).to(self._device)
        if not self.together:
            evaluate(network, *(part[:WARM_UP] for part in self._batch), self._names)

        def together() -> None:
            evaluate(network, *self._batch, self._names)

        def one_by_one() -> None:
            for name in self._names:
                PROXIES[name].score(network, *self._batch)

        sides = [(self.apart, one_by_one), (self.together, together)]
        for times, side in sides[:: 1 if len(self.apart) % 2 else -1]:

            def measured(times: list[float] = times, side: Callable[[], None] = side) -> None:
                times.append(seconds(self._device, side))

            if side is together and not self.shares and self._device == "cpu":
                forget_peak()
                self.shares = shares_of(measured)
                self.peak_mib = peak_mib()
            else:
                measured()
        self.took_s = time.perf_counter() - begin

    def row(self) -> dict[str, object]:
        """Return medians in seconds, ratios, shares and memory."""
        ratios = sorted(a / t for a, t in zip(self.apart, self.together, strict=True))
        return {
            "benchmark": self._benchmark.key,
            "batch": len(self._batch[0]),
            "device": torch.cuda.get_device_name() if self._device == "cuda" else "cpu",
            "architectures": len(ratios),
            "one_by_one_s": statistics.median(self.apart),
            "together_s": statistics.median(self.together),
            "ratio": statistics.median(ratios),
            "ratio_smallest": ratios[0],
            "ratio_largest": ratios[-1],
            "shares": self.shares,
            "peak_mib": self.peak_mib or torch.cuda.max_memory_allocated() / 2**20,
        }


def seconds(device: str, action: Callable[[], object]) -> float:
    """Return what a call takes: CPU time on the CPU, wall time until it has ended on CUDA."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    begin = clock()
    action()
    if device == "cuda":
        torch.cuda.synchronize()
    return clock() - begin


def shares_of(action: Callable[[], object]) -> dict[str, float]:
    """Return what share of a call's wall time each kind of kernel takes; the rest is Python."""
    with profile(activities=[ProfilerActivity.CPU]) as profiled:
        begin = time.perf_counter()
        action()
        whole_s = time.perf_counter() - begin
    inside: collections.Counter[str] = collections.Counter()
    for event in profiled.key_averages():
        if event.key.startswith("aten::"):
            kinds = (kind for part, kind in KINDS.items() if part in event.key)
            inside[next(kinds, "other")] += event.self_cpu_time_total / 1e6 / whole_s
    inside["python"] = 1 - sum(inside.values())
    return dict(inside.most_common())


def forget_peak() -> None:
    """Make the kernel count this process's largest memory from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> float:
    """Return the most memory that was resident since ``forget_peak``, in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def told(row: dict[str, object]) -> str:
    """Return a row of the table in docs/proxies.md."""
    shares = row["shares"]
    assert isinstance(shares, dict)
    parts = ", ".join(f"{kind} {100 * share:.0f} %" for kind, share in shares.items())
    return (
        f"| {row['benchmark']} | {row['batch']}, {row['architectures']} | "
        f"{row['one_by_one_s']:.2f} s / {row['together_s']:.2f} s | **{row['ratio']:.2f}x** "
        f"({row['ratio_smallest']:.2f} to {row['ratio_largest']:.2f}) | {parts or '–'} | "
        f"{row['peak_mib']:.0f} MiB |"
    )


def measure(device: str, keys: list[str], batch_size: int | None, minutes: float) -> list[Measured]:
    """Measure rounds over the benchmarks; a later one only what fits into the time."""
    end = time.perf_counter() + 60 * minutes
    spaces = []
    for key in keys:
        spaces.append(Measured(key, batch_size or BATCH_SIZES[key], device))
        spaces[-1].measure_one()
        print(told(spaces[-1].row()), flush=True)
    while fitting := [each for each in spaces if time.perf_counter() + each.took_s < end]:
        for each in fitting:
            if time.perf_counter() + each.took_s < end:
                each.measure_one()
    return spaces


def main() -> None:
    """Print a row per space and device, first of one architecture, at the end of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--space", action="append", choices=BATCH_SIZES)
    parser.add_argument("--device", action="append", choices=("cpu", "cuda"))
    parser.add_argument("--minutes", type=float, default=12, help="per device")
    parser.add_argument("--batch-size", type=int, help="instead of the published one")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--json", type=Path, help="append a line of JSON per measurement")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {arguments.core})
    torch.set_num_threads(1)
    here = ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)
    for device in arguments.device or here:
        keys = arguments.space or SPACES
        spaces = measure(device, keys, arguments.batch_size, arguments.minutes)
        print(f"\non {device}, {arguments.minutes:g} minutes, load {os.getloadavg()[0]:.1f}:")
        rows = [each.row() for each in spaces]
        for row in rows:
            print(told(row), flush=True)
        if arguments.json:
            with arguments.json.open("a") as file:
                file.writelines(json.dumps(row) + "\n" for row in rows)
    print(f"{rows[-1]['ratio']:.2f}x")


if __name__ == "__main__":
    main()
