"""Measures the cost of one network in this process, which measures nothing else.

    python timings/cost_of_one.py '{"benchmark": …, "spec": …, "batch": …, "action": …}'

Called by ``bench_costs.py``. The action is ``contiguous`` or ``channels_last`` (build, forward,
backward) or ``together`` (build, all proxies). Prints one JSON object: CPU seconds, and the peak
resident size from the moment the minibatch is ready until the end. A query's child starts from the
same state: torch is imported, the minibatch is ready, and nothing has been computed yet.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from zcnas.benchmarks import Benchmark, get_benchmark
from zcnas.datasets.synthetic import SyntheticImages
from zcnas.proxies import PROXIES, evaluate
from zcnas.search_spaces import build_network, network_builder, parse_spec

ADDRESS_LIMIT = 10 << 30
"""An allocation beyond this fails, so that a wrong guess does not bring the machine down."""


def minibatch(benchmark: Benchmark, batch: int) -> tuple[Tensor, Tensor]:
    """Return a benchmark's fallback minibatch."""
    made = SyntheticImages(benchmark.dataset).draw(batch, np.random.default_rng(0))
    return torch.from_numpy(made.inputs), torch.from_numpy(made.targets)


def to_channels_last(network: nn.Module, inputs: Tensor) -> tuple[nn.Module, Tensor]:
    """Return both with channels as the innermost dimension; for a jigsaw, in each tile."""
    network = network.to(memory_format=torch.channels_last)
    return network, inputs.movedim(-3, -1).contiguous().movedim(-1, -3)


def forget_peak() -> None:
    """Return free memory to the kernel and reset its record of this process's peak."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> float:
    """Return the peak resident size since ``forget_peak``."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def passes(network: nn.Module, inputs: Tensor, targets: Tensor) -> dict[str, float]:
    """Time one forward and one backward pass of the training loss."""
    begin = time.process_time()
    loss = network.get_loss_fn()(network(inputs), targets)  # type: ignore[operator]
    forward = time.process_time()
    loss.backward()
    return {"forward_s": forward - begin, "backward_s": time.process_time() - forward}


def together(
    benchmark: Benchmark, network: nn.Module, inputs: Tensor, targets: Tensor
) -> dict[str, float]:
    """Time all proxies defined for the benchmark."""
    has_classes = benchmark.dataset.target in ("label", "soft_label", "permutation")
    names = [name for name in PROXIES if has_classes or name != "epe_nas"]
    begin = time.process_time()
    evaluate(network, inputs, targets, names)
    return {"proxies": len(names), "total_s": time.process_time() - begin}


def main() -> None:
    """Measure what the argument specifies."""
    job = json.loads(sys.argv[1])
    os.sched_setaffinity(0, {job["core"]})
    resource.setrlimit(resource.RLIMIT_DATA, (ADDRESS_LIMIT, ADDRESS_LIMIT))
    torch.set_num_threads(1)
    benchmark = get_benchmark(job["benchmark"])
    network_builder(benchmark)
    spec = parse_spec(benchmark.search_space, job["spec"])
    inputs, targets = minibatch(benchmark, job["batch"])
    forget_peak()
    torch.manual_seed(0)
    begin = time.process_time()
    network: nn.Module = build_network(spec, benchmark)
    answer = {"build_s": time.process_time() - begin}
    if job["action"] == "channels_last":
        network, inputs = to_channels_last(network, inputs)
    if job["action"] == "together":
        answer |= together(benchmark, network, inputs, targets)
    else:
        answer |= passes(network, inputs, targets)
    answer["peak_mib"] = peak_mib()
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
