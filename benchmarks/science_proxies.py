"""Whether our proxy scores rank NAS-Bench-201 as the published ones do.

Two commands, both reading the tables and images of the folder ``ZCNAS_DATA``:

    python benchmarks/science_proxies.py score nasbench201_cifar10 [--limit N] [--core C] [--out
    DIR] python benchmarks/science_proxies.py compare nasbench201_cifar10 [--out DIR]

``score`` evaluates all proxies on every architecture that has published scores and appends one
JSON line per architecture; killed and started again, it goes on where it stopped. ``compare``
prints, per proxy, the Spearman correlation with the accuracy of our scores and of the published
ones on the same architectures, and a 95 % interval of the difference from a paired bootstrap over
architectures.

One minibatch of 64 serves all architectures: the first real images of the dataset where the folder
has them, the class-structured synthetic fallback otherwise. Weights come from PyTorch's default
initialisation under a seed that follows from the architecture alone.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from zcnas.benchmarks import Benchmark, get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.proxies import PROXIES, evaluate
from zcnas.search_spaces import build_network
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

BATCH_SIZE = 64
RESAMPLES = 2000
STATISTICS = {
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
}
"""Mean and standard deviation of the training images per colour, in units of white."""


def minibatch(benchmark: Benchmark, data: Path) -> tuple[Tensor, Tensor]:
    """Return (B, 3, H, W) normalised images and (B,) labels, the same for every architecture."""
    name = benchmark.dataset.name
    if name in STATISTICS:
        with np.load(data / f"{name}_100_images.npz") as file:
            images = torch.from_numpy(file["images"][:BATCH_SIZE]).permute(0, 3, 1, 2) / 255
            labels = torch.from_numpy(file["labels"][:BATCH_SIZE].astype(np.int64))
        mean, std = (torch.tensor(values)[:, None, None] for values in STATISTICS[name])
        return (images - mean) / std, labels
    fallback = load_minibatch(benchmark, BATCH_SIZE, 2022, None)
    return torch.from_numpy(fallback.inputs), torch.from_numpy(fallback.targets)


def published(benchmark: Benchmark, data: Path) -> dict[str, dict[str, Any]]:
    """Return the published rows that carry proxy scores, by the architecture as written there."""
    table = json.loads((data / "zc_nasbench201.json").read_text())[benchmark.dataset.name]
    return {key: row for key, row in table.items() if "snip" in row}


def read_scores(path: Path) -> dict[str, dict[str, Any]]:
    """Return the rows written so far; a line cut short by a kill is dropped from the file."""
    if not path.exists():
        return {}
    complete, _, _ = path.read_text().rpartition("\n")
    path.write_text(complete + "\n" if complete else "")
    rows = (json.loads(line) for line in complete.splitlines())
    return {row["architecture"]: row for row in rows}


def score(benchmark: Benchmark, data: Path, path: Path, limit: int | None) -> None:
    """Append a row for every architecture that has none yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    done = read_scores(path)
    inputs, targets = minibatch(benchmark, data)
    waiting = [key for key in published(benchmark, data) if key not in done][:limit]
    with path.open("a") as file:
        for key in waiting:
            digest = hashlib.sha256(f"{benchmark.key} {key}".encode()).digest()
            torch.manual_seed(int.from_bytes(digest[:4]))
            network = build_network(NasBench201Spec.from_naslib(ast.literal_eval(key)), benchmark)
            start = time.process_time()
            scores = evaluate(network, inputs, targets)
            row = {"architecture": key, "cpu_time_s": time.process_time() - start, "scores": scores}
            file.write(json.dumps(row) + "\n")
            file.flush()


def spearman_differences(
    accuracy: np.ndarray, ours: np.ndarray, theirs: np.ndarray
) -> Iterator[float]:
    """Yield the difference of the two Spearman correlations on resampled architectures."""
    rng = np.random.default_rng(0)
    for _ in range(RESAMPLES):
        drawn = rng.integers(len(accuracy), size=len(accuracy))
        ranks = stats.rankdata(np.stack([accuracy, ours, theirs])[:, drawn], axis=1)
        correlation = np.corrcoef(ranks)
        yield correlation[0, 1] - correlation[0, 2]


def compare(benchmark: Benchmark, data: Path, path: Path) -> None:
    """Print one line per proxy."""
    rows, table = read_scores(path), published(benchmark, data)
    print(f"{benchmark.key}: {len(rows)} of {len(table)} architectures")
    print(f"{'proxy':10} {'n':>5} {'ours':>7} {'published':>9} {'difference':>10}  95 % interval")
    for proxy in PROXIES:
        both = [key for key in rows if proxy in table[key]]
        if not both:
            print(f"{proxy:10}     0  no published column")
            continue
        accuracy = np.array([table[key]["val_accuracy"] for key in both])
        ours = np.array([rows[key]["scores"][proxy] for key in both])
        theirs = np.array([table[key][proxy]["score"] for key in both])
        rho = [float(stats.spearmanr(accuracy, scores).statistic) for scores in (ours, theirs)]
        low, high = np.quantile(list(spearman_differences(accuracy, ours, theirs)), (0.025, 0.975))
        within = low <= 0 <= high or abs(rho[0] - rho[1]) <= 0.05
        print(
            f"{proxy:10} {len(both):5} {rho[0]:7.3f} {rho[1]:9.3f} {rho[0] - rho[1]:+10.3f}  "
            f"[{low:+.3f}, {high:+.3f}] {'ok' if within else 'differs'}"
        )


def main() -> None:
    """Score architectures, or compare the scores with the published columns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("score", "compare"))
    parser.add_argument("benchmark")
    parser.add_argument("--limit", type=int, help="stop after that many architectures")
    parser.add_argument("--core", type=int, help="pin to this CPU core")
    parser.add_argument("--out", type=Path, default=Path("build/science"))
    arguments = parser.parse_args()
    if "ZCNAS_DATA" not in os.environ:
        parser.error("set ZCNAS_DATA to the folder with zc_nasbench201.json and the images")
    if arguments.core is not None:
        os.sched_setaffinity(0, {arguments.core})
    torch.set_num_threads(1)
    benchmark, data = get_benchmark(arguments.benchmark), Path(os.environ["ZCNAS_DATA"])
    path = arguments.out / f"{benchmark.key}.jsonl"
    if arguments.command == "score":
        score(benchmark, data, path, arguments.limit)
    else:
        compare(benchmark, data, path)


if __name__ == "__main__":
    main()
