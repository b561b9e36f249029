"""Chooses the weights of the reference predictor, and shows what they reach on other architectures.

    ZCNAS_DATA=… python timings/choose_reference.py build/reference [N]

Traces at least N architectures (150) of a benchmark with the sample's own ``Trace``, on PyTorch's
meta device, keeps them in OUT and uses all that OUT has. NASWOT's scores are those of NAS-Bench-
Suite-Zero, which has none for NAS-Bench-101: there the other terms stand alone. Half of the
architectures, by a digest of their names, choose among the weights of ``GRID``; the table has the
other half, with intervals from a bootstrap over architectures, beside nwot + flops. Its last column
has weights that only the choosing half of *other search spaces* chose.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

import zcnas
from zcnas.benchmarks import BENCHMARKS
from zcnas.judging.metrics import kendall_tau
from zcnas.tables import load_table
from zcnas.worker.contract import load_predictor

SAMPLE = Path(__file__).resolve().parents[1] / "starting_kit" / "submissions" / "reference"
GRID: list[dict[str, float]] = [
    {"macs": macs, "shape": shape, "pools": pools, "shortest": shortest}
    for macs, shape, pools, shortest in itertools.product(
        (0.5, 1.0), (0.5, 1.0, 1.5, 2.0), (1.0, 2.0, 3.0, 4.0), (1.0, 2.0, 4.0)
    )
]
FINAL = (
    "nasbench101_cifar10",
    "nasbench201_imagenet16_120",
    "nasbench301_cifar10",
    "transbench101_macro_class_object",
    "transbench101_micro_class_object",
)
RESAMPLES = 500
Array = NDArray[np.float64]
Taus = dict[str, float]
"""By benchmark."""


@dataclass(frozen=True)
class Half:
    """Half of a benchmark's architectures: what the sample's ``query`` returns, and accuracies."""

    answers: list[dict[str, Any]]
    accuracy: Array


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
    module = sys.modules["submitted.trace"]
    benchmark = zcnas.benchmark(key)
    with torch.no_grad(), torch.device("meta"):
        network = benchmark.build(architecture)
        images = torch.zeros(2, *benchmark.record.dataset.input_shape)
        with module.Trace(images) as trace:
            paths = trace.of(network(images))
    return {"alive": int(paths is not None), "macs": trace.macs} | vars(paths or module.Paths())


def features(
    key: str,
    out: Path,
    number: int,
    trace: Callable[[str, str], dict[str, float]] = traced,
    kind: str = "",
) -> pd.DataFrame:
    """Return accuracies and parts of all architectures in OUT; traces more if fewer than N.

    Benchmarks of a space share a file per kind of network: their counts of arithmetic are
    proportional, which standardising takes out. ``odd`` halves the architectures.
    """
    frame, record = published(key), BENCHMARKS[key]
    small = key.startswith("transbench101_micro") and record.dataset.target == "label"
    kept = out / f"{record.search_space}{'_small' if small else ''}{kind}.csv"
    rows = pd.read_csv(kept, index_col=0) if kept.is_file() else pd.DataFrame()
    known = frame.index.intersection(rows.index, sort=False)
    missing = frame.index.difference(known, sort=False)[: max(0, number - len(known))]
    for start in range(0, len(missing), 10):
        some = missing[start : start + 10]
        rows = pd.concat([rows, pd.DataFrame([trace(key, each) for each in some], index=some)])
        rows.to_csv(kept)
    joined = frame.join(rows, how="inner")
    joined["odd"] = [int(digest(each), 16) % 2 for each in joined.index]
    is_image = sys.modules["submitted.formula"].reconstructs
    joined["reconstructs"] = int(is_image(*zcnas.benchmark(key).minibatch(2)))
    return joined


def halves(frame: pd.DataFrame) -> tuple[Half, Half]:
    """Return the architectures to choose on, and the others."""
    parts = (frame[frame["odd"] == odd] for odd in (0, 1))
    first, second = (
        Half(each.to_dict("records"), each["accuracy"].to_numpy(float)) for each in parts
    )
    return first, second


def reference(half: Half, weights: dict[str, float]) -> Array:
    """Return the sample's scores with some weights; a network that is blind ranks last."""
    module = sys.modules["submitted.formula"]
    scores: Array = module.formula(half.answers, module.Weights(**weights))
    return np.where([each["alive"] for each in half.answers], scores, scores.min() - 1)


def nwot_and_flops(half: Half) -> Array:
    """Return the sum of two standardised proxies."""
    standard = sys.modules["submitted.formula"].standard
    nwot, macs = (standard([each[part] for each in half.answers]) for part in ("nwot", "macs"))
    total: Array = nwot + macs
    return total


def interval(half: Half, scores: Array) -> tuple[float, float]:
    """Return the middle 95 % of tau over resampled architectures."""
    rng = np.random.default_rng(0)
    drawn = (rng.integers(0, len(scores), len(scores)) for _ in range(RESAMPLES))
    taus = [kendall_tau(scores[d], half.accuracy[d]) for d in drawn]
    low, high = np.quantile(taus, (0.025, 0.975))
    return float(low), float(high)


def means(taus: Taus) -> tuple[float, float]:
    """Return the mean over the benchmarks and over those of the final five among them."""
    final = [taus[key] for key in FINAL if key in taus]
    return float(np.mean(list(taus.values()))), float(np.mean(final))


def best(reached: list[Taus], keys: Sequence[str]) -> dict[str, float]:
    """Return the weights of the grid with the largest sum of both means over some benchmarks."""
    sums = [sum(means({key: taus[key] for key in keys})) for taus in reached]
    return GRID[int(np.argmax(sums))]


def main() -> None:
    """Trace, choose, and print a table."""
    out, number = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 150
    out.mkdir(parents=True, exist_ok=True)
    load_predictor(SAMPLE)
    pairs = {key: halves(features(key, out, number)) for key in BENCHMARKS}
    reached = [
        {key: kendall_tau(reference(half, each), half.accuracy) for key, (half, _) in pairs.items()}
        for each in GRID
    ]
    weights = best(reached, list(pairs))
    print("chosen:", weights, "| on the half that chose: mean, final")
    print("  {:.3f} {:.3f}".format(*means(reached[GRID.index(weights)])))
    report({key: half for key, (_, half) in pairs.items()}, weights, reached)


def report(others: dict[str, Half], weights: dict[str, float], reached: list[Taus]) -> None:
    """Print what the weights reach on the other half, and what other spaces' weights do."""
    found: dict[str, Taus] = {"reference": {}, "nwot + flops": {}, "chosen on other spaces": {}}
    print(
        "| benchmark | architectures | reference | 95 % interval |",
        " | ".join(list(found)[1:]),
        "|",
    )
    for key, half in others.items():
        space = BENCHMARKS[key].search_space
        elsewhere = best(reached, [k for k in others if BENCHMARKS[k].search_space != space])
        first = reference(half, weights)
        for name, scores in zip(
            found, (first, nwot_and_flops(half), reference(half, elsewhere)), strict=True
        ):
            found[name][key] = kendall_tau(scores, half.accuracy)
        own, *rest = (f"{taus[key]:.3f}" for taus in found.values())
        low, high = interval(half, first)
        row = [f"`{key}`", str(len(half.answers)), own, f"[{low:.2f}, {high:.2f}]", *rest]
        print("|", " | ".join(row), "|", flush=True)
    for name, taus in found.items():
        print("{}: {:.3f} over 28, {:.3f} over the final five".format(name, *means(taus)))
        spaces = {BENCHMARKS[key].search_space: [] for key in taus}
        for key, tau in taus.items():
            spaces[BENCHMARKS[key].search_space].append(tau)
        print(" ", {space: round(float(np.mean(each)), 3) for space, each in spaces.items()})


if __name__ == "__main__":
    main()
