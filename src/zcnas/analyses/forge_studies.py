"""Two studies on a forge: what reduced trainings are worth, and proxies as training goes on.

Reference for the four ways to reduce: Zhou et al., "EcoNAS", CVPR 2020, arXiv:2001.01233, and
Abdelfattah et al., ICLR 2021, arXiv:2101.08134; for proxies along a training, and on synthetic
data: White et al., "A Deeper Look at Zero-Cost Proxies", ICLR blog track 2022.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zcnas.analyses import figures
from zcnas.analyses.correlation import spearman, spearman_interval
from zcnas.analyses.forge_work import Row, Subjects, Variant, observe, read_subjects
from zcnas.analyses.result import Check, Drawing, Result, TableOf
from zcnas.forge.plan import SYNTHETIC
from zcnas.proxies import PROXIES

FULL = "full"
REDUCED = {
    FULL: Variant(),
    "epochs/2": Variant(steps=2),
    "epochs/4": Variant(steps=4),
    "channels/2": Variant(channels=2),
    "resolution·2/3": Variant(resolution=True),
    "samples/4": Variant(samples=4),
    "all four": Variant(steps=2, channels=2, resolution=True, samples=2),
}
"""The full training once more, under a seed of its own: what no reduced one can surpass."""
LOOKS = (0.0, 0.1, 0.25, 0.5, 1.0)
ECONAS = 0.61
"""Spearman of EcoNAS's reduced training on NAS-Bench-201 (Abdelfattah et al., abstract)."""
Floats = NDArray[np.float64]


def analyse_reduced(folder: Path, count: int | None, out: Path) -> Result:
    """Return how well cheaper trainings order a forge's architectures, against their cost."""
    subjects = read_subjects(folder, count)
    rows = observe("four_reductions", subjects, REDUCED, (), out)
    full_s = np.mean([row.cpu_s for row in rows[FULL]])
    lines = []
    for name, found in rows.items():
        rho, low, high = _spearman(_column(found, "accuracy"), subjects.accuracy)
        cost = float(np.mean([row.cpu_s for row in found]) / full_s)
        lines.append((name, cost, rho, low, high))
    frame = pd.DataFrame(lines, columns=["training", "cost", "spearman", "low", "high"])
    name, best_cost, best_rho, *_ = max(lines[1:], key=lambda line: line[2])
    _, cost, rho, low, high = next(line for line in lines if line[0] == "all four")
    result = _result("four-reductions", "Four ways to reduce training", subjects)
    result.question = (
        "How well does a cheaper training order architectures as full training does, when epochs, "
        "channels, resolution or samples are reduced?"
    )
    result.findings = [
        f"Of the reduced trainings '{name}' agrees best: Spearman {best_rho:.2f} at "
        f"{best_cost:.2f} of the cost; the full training once more agrees with {lines[0][2]:.2f}.",
    ]
    result.checks = [
        Check(
            "Spearman of a training reduced in all four ways",
            f"EcoNAS {ECONAS} on NAS-Bench-201, CIFAR-10",
            f"{rho:.2f} [{low:.2f}, {high:.2f}] at {cost:.2f} of the cost",
        )
    ]
    result.tables = [
        TableOf("trainings", "Trainings", frame, "Cost: CPU seconds, as a share of a full one's.")
    ]
    points = {name: ([cost], [rho]) for name, cost, rho, *_ in lines}
    canvas = figures.curves(points, ("share of a full training's CPU time", "Spearman"), log=True)
    text = "Spearman of each training with the forge's accuracies, against its cost."
    result.drawings = [Drawing("cost", "Agreement against cost", text, canvas)]
    return result


def analyse_progress(folder: Path, count: int | None, out: Path) -> Result:
    """Return how well each proxy orders a forge's architectures, along their training."""
    subjects = read_subjects(folder, count)
    watched = {"watched": Variant(looks=LOOKS)}
    rows = observe("training_progress", subjects, watched, tuple(PROXIES), out)
    lines = []
    for proxy in PROXIES:
        for share in LOOKS:
            scores = _column(rows["watched"], f"{proxy}@{share:g}")
            lines.append((proxy, share, *_spearman(scores, subjects.accuracy)))
    frame = pd.DataFrame(lines, columns=["proxy", "share of training", "spearman", "low", "high"])
    table = frame.pivot_table("spearman", "proxy", "share of training", sort=False)
    first, last = table[LOOKS[0]], table[LOOKS[-1]]
    fallen = sorted(first.index[last < first])
    result = _result("training-progress", "Proxies as training goes on", subjects)
    result.question = "Do proxies order architectures better or worse the longer these are trained?"
    result.findings = [
        f"{len(fallen)} of {len(first)} proxies agree less with the accuracies after training than "
        f"before: {', '.join(fallen) or 'none'}.",
    ]
    result.checks = [
        Check(
            "proxies that agree less after training",
            "the performance of many decreases (A Deeper Look, figure 9)",
            f"{len(fallen)} of {len(first)}",
        )
    ]
    if subjects.plan.data == SYNTHETIC:
        positive = sorted(first.index[first > 0])
        result.checks.append(
            Check(
                "proxies with a positive correlation on synthetic data, untrained",
                "jacov alone (A Deeper Look, tables 1 to 3)",
                ", ".join(positive) or "none",
            )
        )
    result.tables = [TableOf("proxies", "Proxies", frame, "Spearman with the forge's accuracies.")]
    lines_of = {str(name): (LOOKS, [float(v) for v in row]) for name, row in table.iterrows()}
    canvas = figures.curves(lines_of, ("share of the training", "Spearman"))
    text = "Spearman of each proxy with the forge's accuracies, after shares of a training."
    result.drawings = [Drawing("progress", "Agreement along training", text, canvas)]
    return result


FORGE_STUDIES: dict[str, Callable[[Path, int | None, Path], Result]] = {
    "four-reductions": analyse_reduced,
    "training-progress": analyse_progress,
}
"""Name to function; ``zcnas analyse NAME --forge FOLDER``."""


def run_on_forge(name: str, folder: Path, count: int | None, out: Path) -> Result:
    """Run one study; a name of ``FORGE_STUDIES``. Interrupt it anywhere, and repeat to resume.

    Raises:
        AnalysisError: The forge has too few architectures.
        ResultsError: The folder holds no forge, or another run writes to ``out``.
        OrganiserError: Some trainings failed; the others are recorded.
    """
    started = time.process_time()
    out.mkdir(parents=True, exist_ok=True)
    result = FORGE_STUDIES[name](folder, count, out)
    result.command = f"zcnas analyse {name} --forge"
    result.cpu_s += time.process_time() - started
    return result


def _result(name: str, title: str, subjects: Subjects) -> Result:
    return Result(name, title, "", (subjects.plan.benchmark.key,), {})


def _column(rows: list[Row], name: str) -> Floats:
    return np.array([float(row.values[name]) for row in rows])


def _spearman(scores: Floats, accuracy: Floats) -> tuple[float, float, float]:
    """Return Spearman's ρ and its 95 % interval; NaN where scores are equal."""
    rho = spearman(scores, accuracy)
    return (rho, *spearman_interval(rho, len(scores)))
