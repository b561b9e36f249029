"""Times building a NAS-Bench-201 network: copying one cell compared with constructing every cell.

Prints medians over the practice phase's 100 CIFAR-10 architectures on one pinned core with one
thread, alternating, together with a plain forward pass at batch 64. The last line is the ratio.
"""

import os
import statistics
import time
from pathlib import Path
from unittest import mock

import torch

from zcnas.benchmarks import BENCHMARKS
from zcnas.search_spaces import parse_spec
from zcnas.search_spaces.nasbench201 import network as nasbench201
from zcnas.words.records import read_input

ROOT = Path(__file__).resolve().parents[1]
BENCHMARK = BENCHMARKS["nasbench201_cifar10"]


def construct_every_cell(spec):
    """Return a network built the straightforward way: every cell through its constructor."""

    def constructed(cell, count):
        yield cell
        for _ in range(count - 1):
            yield nasbench201.Cell(spec, channels_of(cell))

    with mock.patch.object(nasbench201, "fresh_copies", constructed):
        return nasbench201.build(spec, BENCHMARK.dataset)


def channels_of(cell):
    """Return a cell's C; any number for a cell without convolutions."""
    return next((p.shape[0] for p in cell.parameters() if p.dim() == 4), 16)


def seconds(action, *arguments):
    """Return how long one call takes."""
    begin = time.perf_counter()
    action(*arguments)
    return time.perf_counter() - begin


def main():
    """Print three medians and the ratio."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    torch.set_num_threads(1)
    data = read_input(ROOT / "starting_kit" / "input_data" / f"{BENCHMARK.key}.json")
    specs = [parse_spec("nasbench201", architecture.spec) for architecture in data.architectures]
    images = torch.randn(64, *BENCHMARK.dataset.input_shape)
    copied, constructed, forward = [], [], []
    for spec in specs[:3]:
        nasbench201.build(spec, BENCHMARK.dataset)(images)
    with torch.no_grad():
        for spec in specs:
            copied.append(seconds(nasbench201.build, spec, BENCHMARK.dataset))
            constructed.append(seconds(construct_every_cell, spec))
            forward.append(seconds(nasbench201.build(spec, BENCHMARK.dataset), images))
    for name, times in (
        ("fresh copies", copied),
        ("constructors", constructed),
        ("forward at batch 64", forward),
    ):
        print(f"{name:20} median {1e3 * statistics.median(times):7.1f} ms")
    ratios = [slow / fast for slow, fast in zip(constructed, copied, strict=True)]
    print(f"{statistics.median(ratios):.2f}x")


if __name__ == "__main__":
    main()
