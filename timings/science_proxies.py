"""Checks whether our proxy scores rank NAS-Bench-201 like the published ones.

There are three commands; ``score`` and ``report`` read tables and images from ``ZCNAS_DATA``:

    python timings/science_proxies.py score BENCHMARK [--limit N] [--core C] [--out DIR]
    python timings/science_proxies.py table [--out DIR] [--version V]
    python timings/science_proxies.py report [--out DIR] [--record docs/proxies_science.md]

``score`` evaluates all proxies on every architecture that has published scores and appends one
JSON line per architecture; repeat it to resume. ``table`` writes ``src/zcnas/tables/scores`` from
the output of ``score``. ``report`` compares that table with the published scores and accuracies:
per benchmark and proxy, both Spearman correlations on the same architectures and a 95 % interval
for their difference from a paired bootstrap over architectures. Both accept incomplete output.

All architectures get the same minibatch of 32: the dataset's first real images if the folder has
them, otherwise the class-structured synthetic fallback. With ``--own-minibatches`` every
architecture gets a new one, drawn, cropped and flipped at random, as for the published scores;
``report`` shows the effect. Weights come from PyTorch's default initialisation under a seed that
depends only on the architecture.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from zcnas.benchmarks import BENCHMARKS, Benchmark, get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.isolation.machine import cpu_model
from zcnas.proxies import PROXIES, evaluate
from zcnas.search_spaces import SEARCH_SPACES, build_network
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.tables import zero_cost_scores

BATCH_SIZE = 32
"""The batch size of the published scores; the page's introduction explains the evidence."""
PADDING = 4
"""Width of the black border around an image before a random crop of its size."""
RESAMPLES = 2000
TOLERANCE = 0.05
REAL, FALLBACK = "published training images", "class-structured synthetic fallback"
INTRODUCTION = """# The proxies against the published scores

Written by `timings/science_proxies.py report` from `src/zcnas/tables/scores`, version {version},
and NAS-Bench-Suite-Zero's table. For each proxy, the tables show the Spearman correlation with the
published `val_accuracy` of our scores and of the published scores, on the same architectures; their
difference with a 95 % interval (percentiles of {resamples} paired resamples of the architectures);
and the correlation of our scores with the published ones. A row *holds* if the interval contains 0
or the difference is at most 0.05. The published flops are compared one by one in
[verified_spaces.md](verified_spaces.md); the `flops` here are our multiply-accumulates.

The published scores of NAS-Bench-201 were computed with batches of 32: jacov cannot exceed
−N(ln(1 + k) + 1/(1 + k)), which is −64.0 for N = 64, but the best published one is about −32.2.
So we also use batches of 32.

If a row does not hold, the minibatch is the cause. NASLib's loader draws, crops and flips a new
one for every architecture and proxy; ours is the same for all, as in the competition. Two proxies
are sensitive to it. epe_nas sums over the pairs of images in a class, and the number of pairs
differs between draws, so the published scores contain that noise, especially with 100 classes,
where 32 images have few pairs. grasp is a small difference of large terms. The last tables of a
benchmark show both with a new minibatch for every architecture: with 100 classes, the correlation
of epe_nas then falls to the published one; on CIFAR-10, both get closer to it.

For comparison, the paper's figure 6 has these values on NAS-Bench-201 × ImageNet16-120 for other
architectures: nwot 0.77, flops 0.67, params 0.69, zen 0.39, l2_norm 0.69, synflow 0.75, jacov 0.71,
epe_nas 0.33, snip 0.57, grasp 0.55, grad_norm 0.57, fisher 0.48, plain −0.22.
"""
STATISTICS = {
    "cifar10": ((0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar100": ((0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)),
}
"""Mean and standard deviation of the training images per colour, on a scale where white is 1."""


def minibatch(benchmark: Benchmark, data: Path, own: int | None = None) -> tuple[Tensor, Tensor]:
    """Return (B, 3, H, W) normalised images and (B,) labels.

    Args:
        benchmark: Which dataset.
        data: The folder with images.
        own: Seed of a minibatch of an architecture's own; ``None`` for that of all architectures.
    """
    name = benchmark.dataset.name
    if name not in STATISTICS:
        fallback = load_minibatch(benchmark, BATCH_SIZE, 2022 if own is None else own, None)
        return torch.from_numpy(fallback.inputs), torch.from_numpy(fallback.targets)
    with np.load(data / f"{name}_100_images.npz") as file:
        images, labels = file["images"], file["labels"].astype(np.int64)
    if own is None:
        images, labels = images[:BATCH_SIZE], labels[:BATCH_SIZE]
    else:
        rng = np.random.default_rng(own)
        chosen = rng.choice(len(images), BATCH_SIZE, replace=False)
        images, labels = np.stack([_crop_and_flip(images[i], rng) for i in chosen]), labels[chosen]
    mean, std = (torch.tensor(values)[:, None, None] for values in STATISTICS[name])
    inputs = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    return (inputs - mean) / std, torch.from_numpy(labels)


def _crop_and_flip(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return an image (H, W, 3) shifted by up to PADDING pixels and mirrored, at random."""
    height, width, _ = image.shape
    padded = np.pad(image, ((PADDING, PADDING), (PADDING, PADDING), (0, 0)))
    top, left = rng.integers(2 * PADDING + 1, size=2)
    cropped = padded[top : top + height, left : left + width]
    return cropped[:, ::-1] if rng.random() < 0.5 else cropped


def scores_path(out: Path, benchmark: str, *, own: bool = False) -> Path:
    """Return the path that ``score`` writes to."""
    return out / f"{benchmark}.batch{BATCH_SIZE}{'.own' if own else ''}.jsonl"


def published(benchmark: Benchmark, data: Path) -> dict[str, dict[str, Any]]:
    """Return the published rows that have proxy scores, keyed by the architecture as published."""
    table = json.loads((data / "zc_nasbench201.json").read_text())[benchmark.dataset.name]
    return {key: row for key, row in table.items() if "snip" in row}


def read_key(benchmark: Benchmark, written: str) -> str:
    """Return the canonical string of an architecture in a published table."""
    space = SEARCH_SPACES[benchmark.search_space]
    return str(space.read_naslib(ast.literal_eval(written), benchmark.dataset))


def read_scores(path: Path) -> dict[str, dict[str, Any]]:
    """Return the rows written so far; a truncated last line is dropped from the file."""
    if not path.exists():
        return {}
    complete, _, _ = path.read_text().rpartition("\n")
    path.write_text(complete + "\n" if complete else "")
    rows = (json.loads(line) for line in complete.splitlines())
    return {row["architecture"]: row for row in rows}


def score(
    benchmark: Benchmark,
    data: Path,
    out: Path,
    limit: int | None,
    proxies: Sequence[str],
    own: bool,
) -> None:
    """Append a row for every architecture that does not have one yet."""
    path = scores_path(out, benchmark.key, own=own)
    path.parent.mkdir(parents=True, exist_ok=True)
    done = read_scores(path)
    inputs, targets = minibatch(benchmark, data)
    waiting = [key for key in list(published(benchmark, data))[:limit] if key not in done]
    with path.open("a") as file:
        for key in waiting:
            digest = hashlib.sha256(f"{benchmark.key} {key}".encode()).digest()
            torch.manual_seed(int.from_bytes(digest[:4]))
            network = build_network(NasBench201Spec.from_naslib(ast.literal_eval(key)), benchmark)
            if own:
                inputs, targets = minibatch(benchmark, data, int.from_bytes(digest[4:8]))
            start = time.process_time()
            scores = evaluate(network, inputs, targets, proxies)
            row = {"architecture": key, "cpu_time_s": time.process_time() - start, "scores": scores}
            file.write(json.dumps(row) + "\n")
            file.flush()


def make_table(out: Path, version: str) -> None:
    """Write the package's table from the rows of all benchmarks scored so far."""
    rows_of, provenance = {}, {}
    for benchmark in BENCHMARKS.values():
        path = scores_path(out, benchmark.key)
        if not path.exists():
            continue
        rows_of[benchmark.key] = {
            read_key(benchmark, key): {
                zero_cost_scores.SECONDS: row["cpu_time_s"], **row["scores"]
            }
            for key, row in read_scores(path).items()
        }  # fmt: skip
        real = benchmark.dataset.name in STATISTICS
        provenance[benchmark.key] = {
            "images": REAL if real else FALLBACK,
            "batch_size": BATCH_SIZE,
            "initialisation": "PyTorch's default, seed SHA-256(benchmark, NASLib's numbers)[:4]",
            "loss": "cross-entropy",
            "seconds": "CPU time of all proxies together, one core",
            "cpu": cpu_model(),
            "torch": torch.__version__,
        }
    if not rows_of:
        raise SystemExit(f"{out} contains no scores; run `score` first")
    zero_cost_scores.write_scores(rows_of, provenance, version, zero_cost_scores.FOLDER)
    print("\n".join(f"{key}: {len(rows)} architectures" for key, rows in rows_of.items()))


@dataclass(frozen=True)
class Comparison:
    """One proxy on one benchmark, on the architectures that have a score in both tables.

    Attributes:
        architectures: How many.
        ours: Spearman correlation of our scores with the accuracies.
        published: The same of the published scores.
        interval: 95 % interval of ``ours - published``.
        agreement: Spearman correlation of our scores with the published ones.
    """

    architectures: int
    ours: float
    published: float
    interval: tuple[float, float]
    agreement: float

    @property
    def holds(self) -> bool:
        """Whether the two cannot be distinguished, or differ by at most 0.05."""
        low, high = self.interval
        return low <= 0 <= high or abs(self.ours - self.published) <= TOLERANCE


def compare(columns: np.ndarray) -> Comparison:
    """Compare (3, N) accuracies, our scores and the published ones."""
    rng = np.random.default_rng(0)
    count = columns.shape[1]
    resampled = []
    for _ in range(RESAMPLES):
        correlation = _spearman(columns[:, rng.integers(count, size=count)])
        resampled.append(correlation[0, 1] - correlation[0, 2])
    low, high = np.quantile(resampled, (0.025, 0.975))
    whole = _spearman(columns)
    return Comparison(count, whole[0, 1], whole[0, 2], (float(low), float(high)), whole[1, 2])


def _spearman(columns: np.ndarray) -> np.ndarray:
    correlation: np.ndarray = np.corrcoef(stats.rankdata(columns, axis=1))
    return correlation


def report(data: Path, out: Path, record: Path) -> None:
    """Write the page with all comparisons.

    Args:
        data: The folder of published tables.
        out: The output folder of ``score``; only its scores with ``--own-minibatches`` are read.
        record: The page.
    """
    index = zero_cost_scores.read_index()
    lines = [INTRODUCTION.format(version=index["version"], resamples=RESAMPLES)]
    for key, entry in index["benchmarks"].items():
        benchmark = get_benchmark(key)
        scores, table = zero_cost_scores.read_scores(key), published(benchmark, data)
        ours = {
            written: scores[spec]
            for written in table
            if (spec := read_key(benchmark, written)) in scores
        }
        equal = sum(
            round(row["params"] * 1e6) == round(table[written]["params"]["score"] * 1e6)
            for written, row in ours.items()
        )
        lines += [
            f"## {key}",
            "",
            f"{len(ours)} of {len(table)} architectures with published scores, batch "
            f"{entry['batch_size']}, {entry['images']}. `params` is equal to the published "
            f"number on {equal} of {len(ours)}. The best published `jacov` is "
            f"{max(row['jacov']['score'] for row in table.values() if 'jacov' in row):.2f}.",
            "",
            *_comparisons(ours, table),
        ]
        own = read_scores(scores_path(out, key, own=True))
        if own:
            same = {
                key: {proxy: ours[key][proxy] for proxy in row["scores"]}
                for key, row in own.items()
                if key in ours
            }
            lines += [
                f"The first {len(own)} architectures with the shared minibatch, then each "
                "with its own:",
                "",
                *_comparisons(same, table),
                *_comparisons({k: row["scores"] for k, row in own.items()}, table),
            ]
    record.write_text("\n".join(lines))


def _comparisons(
    ours: Mapping[str, Mapping[str, float]], table: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Return the lines of one table of comparisons."""
    lines = [
        "| proxy | N | ours | published | difference | 95 % interval | holds | agreement |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for proxy in PROXIES:
        triples = [
            (table[key]["val_accuracy"], row[proxy], table[key][proxy]["score"])
            for key, row in ours.items()
            if proxy in table[key] and proxy in row
        ]
        if len(triples) > 2:
            lines.append(_line(proxy, compare(np.array(triples).T)))
            print(lines[-1], flush=True)
    return [*lines, ""]


def _line(proxy: str, c: Comparison) -> str:
    low, high = c.interval
    return (
        f"| {proxy} | {c.architectures} | {c.ours:.3f} | {c.published:.3f} "
        f"| {c.ours - c.published:+.3f} | [{low:+.3f}, {high:+.3f}] "
        f"| {'yes' if c.holds else '**no**'} | {c.agreement:.3f} |"
    )


def main() -> None:
    """Score architectures, write the table, or compare it with the published scores."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("score", "table", "report"))
    parser.add_argument("benchmark", nargs="?", help="benchmark to score")
    parser.add_argument("--limit", type=int, help="score only the first N architectures")
    parser.add_argument(
        "--own-minibatches", action="store_true", help="draw one minibatch per architecture"
    )
    parser.add_argument(
        "--proxies", nargs="+", default=list(PROXIES), help="proxies to score (default: all)"
    )
    parser.add_argument("--core", type=int, help="pin to this CPU core")
    parser.add_argument("--out", type=Path, default=Path("build/science"))
    parser.add_argument("--version", default="1.0", help="version of the table")
    parser.add_argument("--record", type=Path, default=Path("docs/proxies_science.md"))
    arguments = parser.parse_args()
    if arguments.command == "table":
        make_table(arguments.out, arguments.version)
        return
    if "ZCNAS_DATA" not in os.environ:
        parser.error("set ZCNAS_DATA to the folder with zc_nasbench201.json and the images")
    data = Path(os.environ["ZCNAS_DATA"])
    if arguments.command == "report":
        report(data, arguments.out, arguments.record)
        return
    if arguments.benchmark is None:
        parser.error("name the benchmark to score, e.g. nasbench201_cifar10")
    if arguments.core is not None:
        os.sched_setaffinity(0, {arguments.core})
    torch.set_num_threads(1)
    benchmark = get_benchmark(arguments.benchmark)
    proxies, own = arguments.proxies, arguments.own_minibatches
    score(benchmark, data, arguments.out, arguments.limit, proxies, own)


if __name__ == "__main__":
    main()
