"""Times building networks of the five spaces: how much is Python, and how much is drawing numbers.

Prints medians of CPU time over random architectures on one pinned core with one thread: a build;
the same without drawing, which is the Python in it and the allocation of tensors; and drawing as
many numbers as the network has parameters, uniformly, into memory at hand, which no build with
PyTorch's initialisation can go below. The last line is the geometric mean of build over drawing.

Usage: python timings/bench_build.py [architectures]
"""

import contextlib
import os
import random
import statistics
import sys
import time
from unittest import mock

import torch

from zcnas.benchmarks import BENCHMARKS
from zcnas.search_spaces import SEARCH_SPACES, blueprints, build_network

BUILT = (
    "nasbench101_cifar10",
    "nasbench201_cifar10",
    "nasbench301_cifar10",
    "transbench101_micro_class_object",
    "transbench101_macro_class_object",
)


@contextlib.contextmanager
def without_drawing():
    """Make torch return a tensor as it is instead of drawing into it."""
    with (
        mock.patch.object(torch.Tensor, "uniform_", lambda tensor, *_, **__: tensor),
        mock.patch.object(torch.Tensor, "normal_", lambda tensor, *_, **__: tensor),
        mock.patch.object(blueprints, "_skip"),
    ):
        yield


def seconds(action, *arguments):
    """Return the CPU seconds of a call."""
    begin = time.process_time()
    action(*arguments)
    return time.process_time() - begin


def measured(benchmark, count):
    """Return the median seconds of a build, of its Python, and of drawing."""
    rng = random.Random(0)
    sample = SEARCH_SPACES[benchmark.search_space].spec.sample
    built, python, drawn = [], [], []
    for number in range(count + 3):
        spec = sample(rng)
        network = build_network(spec, benchmark)
        numbers = torch.empty(sum(parameter.numel() for parameter in network.parameters()))
        numbers.uniform_()
        del network
        built.append(seconds(build_network, spec, benchmark))
        with without_drawing():
            python.append(seconds(build_network, spec, benchmark))
        drawn.append(seconds(numbers.uniform_))
        if number < 3:  # the first ones warm up
            for times in (built, python, drawn):
                times.clear()
    return [statistics.median(times) for times in (built, python, drawn)]


def main():
    """Print a row per space and the ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    torch.set_num_threads(1)
    ratios = []
    for key in BUILT:
        build, python, drawing = measured(BENCHMARKS[key], count)
        print(
            f"{key:34} build {1e3 * build:6.1f} ms, without drawing {1e3 * python:5.1f} ms, "
            f"drawing alone {1e3 * drawing:6.1f} ms"
        )
        ratios.append(build / drawing)
    print(f"{statistics.geometric_mean(ratios):.2f}x")


if __name__ == "__main__":
    main()
