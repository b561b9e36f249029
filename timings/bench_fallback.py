"""Compares how scores on the synthetic fallback and on real images rank architectures.

For the practice phase's NAS-Bench-201 × CIFAR-10 architectures, it prints the Spearman correlation
between scores on the fallback minibatch and scores on real CIFAR-10 images, with the same initial
weights, together with the ceiling: real images against other real images. It needs ZCNAS_DATA with
``cifar10_100_images.npz``.

Usage: python timings/bench_fallback.py [number of architectures]
"""

import importlib.util
import math
import os
import sys
from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr
from torch.utils.data import DataLoader, TensorDataset

from zcnas.benchmarks import BENCHMARKS
from zcnas.datasets import load_minibatch
from zcnas.datasets.cifar import CIFAR10_DEVIATION, CIFAR10_MEAN
from zcnas.datasets.minibatch import Images
from zcnas.search_spaces import build_network, parse_spec
from zcnas.words.records import read_input
from zcnas.words.seeds import derive_seed

ROOT = Path(__file__).resolve().parents[1]
BENCHMARK = BENCHMARKS["nasbench201_cifar10"]
BATCH_SIZE = 50  # two disjoint batches from the 100 real images


def load_sample(name):
    """Return an instance of a sample submission's predictor."""
    path = ROOT / "starting_kit" / "submissions" / name / "predictor.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ZeroCostPredictor()


class GradNorm:
    """Scores by the sum of the gradients' norms over all convolution and linear weights."""

    def query(self, graph, dataloader):
        """Return the score."""
        inputs, targets = next(iter(dataloader))
        graph.get_loss_fn()(graph(inputs), targets).backward()
        return sum(p.grad.norm().item() for p in graph.parameters() if p.dim() > 1)


def real_minibatches(path):
    """Return two minibatches that share no image."""
    with np.load(path) as file:
        pixels, labels = file["images"].transpose(0, 3, 1, 2), file["labels"].astype(np.int64)
    images = Images(pixels, labels, CIFAR10_MEAN, CIFAR10_DEVIATION, "real")
    both = images.draw(2 * BATCH_SIZE, np.random.default_rng(0))
    return [(both.inputs[part], both.targets[part]) for part in (slice(None, 50), slice(50, None))]


def main():
    """Print one line per proxy."""
    torch.set_num_threads(1)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    data = os.environ.get("ZCNAS_DATA")
    if not data:
        sys.exit("set ZCNAS_DATA to the folder with cifar10_100_images.npz")
    fallback = load_minibatch(BENCHMARK, BATCH_SIZE, 2022, None)
    batches = [
        (fallback.inputs, fallback.targets),
        *real_minibatches(Path(data) / "cifar10_100_images.npz"),
    ]
    architectures = read_input(
        ROOT / "starting_kit" / "input_data" / f"{BENCHMARK.key}.json"
    ).architectures[:count]
    proxies = {
        "synflow": load_sample("synflow"),
        "nwot": load_sample("nwot"),
        "grad_norm": GradNorm(),
    }
    print(f"Spearman over {len(architectures)} architectures, batch {BATCH_SIZE}")
    for name, proxy in proxies.items():
        scores = []
        for inputs, targets in batches:
            dataset = TensorDataset(torch.from_numpy(inputs), torch.from_numpy(targets))
            loader = DataLoader(dataset, batch_size=len(inputs))
            row = []
            for architecture in architectures:
                torch.manual_seed(derive_seed(2022, BENCHMARK.key, architecture.spec))
                network = build_network(parse_spec("nasbench201", architecture.spec), BENCHMARK)
                row.append(proxy.query(network, dataloader=loader))
            scores.append(np.maximum(row, -1e300) if -math.inf in row else row)
        synthetic, real, other = scores
        print(
            f"{name:10} fallback against real {spearmanr(synthetic, real).statistic:.3f}, "
            f"real against other real {spearmanr(real, other).statistic:.3f}"
        )


if __name__ == "__main__":
    main()
