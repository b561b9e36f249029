"""Chooses the weights of the reference predictor, and shows what they reach on other architectures.

    ZCNAS_DATA=… python timings/choose_reference.py build/reference [N]

Traces at least N architectures (150) of a benchmark with the sample's own ``Trace``, on PyTorch's
meta device, keeps them in OUT and uses all that OUT has. NASWOT's scores are those of NAS-Bench-
Suite-Zero, which has none for NAS-Bench-101: there the other terms stand alone. Half of the
architectures, by a digest of their names, choose among the weights of ``GRID``; the table has the
other half, with intervals from a bootstrap over architectures, beside nwot + flops.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.stats import kendalltau

import zcnas
from zcnas.benchmarks import BENCHMARKS
from zcnas.tables import load_table
from zcnas.worker.contract import load_predictor

SAMPLE = Path(__file__).resolve().parents[1] / "starting_kit" / "submissions" / "reference"
PARTS = ("nwot", "macs", "longest", "pools", "halvings")
GRID: list[tuple[float, ...]] = [
    (1.0, *rest)
    for rest in itertools.product((0.0, 0.5, 1.0), (0.5, 1.0), (-1.0, -0.5), (-2.0, -1.0, -0.5))
]
NWOT_AND_FLOPS = (1.0, 1.0, 0.0, 0.0, 0.0)
FINAL = (
    "nasbench101_cifar10",
    "nasbench201_imagenet16_120",
    "nasbench301_cifar10",
    "transbench101_macro_class_object",
    "transbench101_micro_class_object",
)
RESAMPLES = 500
Half = tuple[NDArray[np.float64], NDArray[np.float64]]


def published(key: str) -> pd.DataFrame:
    """Return accuracies and NASWOT's published scores by architecture, in an order by digest."""
    if key == "nasbench101_cifar10":
        table = load_table(BENCHMARKS[key], "nasbench101", Path(os.environ["ZCNAS_DATA"]))
        frame = pd.DataFrame({"accuracy": table.means(), "nwot": 0.0})
    else:
        frame = zcnas.benchmark(key).scores(source="published")[["accuracy", "nwot"]].dropna()
    return frame.loc[sorted(frame.index, key=digest)]


def digest(architecture: str) -> str:
    """Return what orders and halves the architectures."""
    return hashlib.sha256(architecture.encode()).hexdigest()


def traced(key: str, architecture: str) -> dict[str, float]:
    """Return what the sample's trace says of a network without numbers."""
    trace_type = sys.modules["submitted.trace"].Trace
    benchmark = zcnas.benchmark(key)
    with torch.no_grad(), torch.device("meta"):
        network = benchmark.build(architecture)
        images = torch.zeros(2, *benchmark.record.dataset.input_shape)
        with trace_type(images) as trace:
            paths = trace.of(network(images))
    return {"macs": trace.macs, **(vars(paths) if paths else dict.fromkeys(PARTS[2:], 0))}


def features(key: str, out: Path, number: int) -> pd.DataFrame:
    """Return the parts of all architectures in OUT; traces more if there are fewer than N.

    Benchmarks of a space share a file per kind of network: their counts of arithmetic are
    proportional, which standardising takes out.
    """
    frame = published(key)
    benchmark = BENCHMARKS[key]
    small = key.startswith("transbench101_micro") and benchmark.dataset.target == "label"
    kept = out / f"{benchmark.search_space}{'_small' if small else ''}.csv"
    rows = pd.read_csv(kept, index_col=0) if kept.is_file() else pd.DataFrame()
    known = frame.index.intersection(rows.index, sort=False)
    missing = frame.index.difference(known, sort=False)[: max(0, number - len(known))]
    for start in range(0, len(missing), 10):
        some = missing[start : start + 10]
        new = pd.DataFrame([traced(key, each) for each in some], index=some)
        rows = pd.concat([rows, new])
        rows.to_csv(kept)
    return frame.join(rows, how="inner")


def halves(frame: pd.DataFrame) -> tuple[Half, Half]:
    """Return the standardised parts (N, 5) and accuracies (N,) to choose on, and the others."""
    odd = np.array([int(digest(each), 16) % 2 == 1 for each in frame.index])
    chosen, others = (_standardised(frame[mask]) for mask in (~odd, odd))
    return chosen, others


def _standardised(frame: pd.DataFrame) -> Half:
    parts = frame[list(PARTS)].to_numpy(float)
    parts = np.where(np.isfinite(parts), parts, np.nan)
    parts = np.where(np.isnan(parts), np.nanmin(parts, axis=0), parts)
    deviations = parts.std(axis=0)
    scaled = (parts - parts.mean(axis=0)) / np.where(deviations > 0, deviations, 1)
    return scaled, frame["accuracy"].to_numpy(float)


def tau(half: Half, weights: tuple[float, ...]) -> float:
    """Return tau-b of a weighting with the accuracies; 0 if all scores are equal."""
    return float(np.nan_to_num(kendalltau(half[0] @ np.array(weights), half[1])[0]))


def interval(half: Half, weights: tuple[float, ...]) -> tuple[float, float]:
    """Return the middle 95 % of tau over resampled architectures."""
    rng = np.random.default_rng(0)
    drawn = (rng.integers(0, len(half[1]), len(half[1])) for _ in range(RESAMPLES))
    low, high = np.quantile([tau((half[0][d], half[1][d]), weights) for d in drawn], (0.025, 0.975))
    return float(low), float(high)


def means(by_benchmark: dict[str, Half], weights: tuple[float, ...]) -> tuple[float, float]:
    """Return the mean tau over all benchmarks and over the final five."""
    taus = {key: tau(half, weights) for key, half in by_benchmark.items()}
    return float(np.mean(list(taus.values()))), float(np.mean([taus[key] for key in FINAL]))


def main() -> None:
    """Trace, choose, and print a table."""
    out, number = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 150
    out.mkdir(parents=True, exist_ok=True)
    load_predictor(SAMPLE)
    choose_on, report_on = {}, {}
    for key in BENCHMARKS:
        choose_on[key], report_on[key] = halves(features(key, out, number))
    best = max(GRID, key=lambda weights: sum(means(choose_on, weights)))
    print("chosen:", dict(zip(PARTS, best, strict=True)), "| on the half that chose: mean, final")
    print("  {:.3f} {:.3f}".format(*means(choose_on, best)))
    print("| benchmark | architectures | reference | 95 % interval | nwot + flops |")
    print("|---|---|---|---|---|")
    for key, half in report_on.items():
        low, high = interval(half, best)
        other = tau(half, NWOT_AND_FLOPS)
        row = f"{tau(half, best):.3f} | [{low:.2f}, {high:.2f}] | {other:.3f}"
        print(f"| `{key}` | {len(half[1])} | {row} |")
    for name, weights in (("reference", best), ("nwot + flops", NWOT_AND_FLOPS)):
        reached = "{:.3f} over 28, {:.3f} over the final five".format(*means(report_on, weights))
        print(f"{name} on the others: {reached}")


if __name__ == "__main__":
    main()
