"""``zcnas.try_predictor``: a predictor on a few networks in this process, for notebooks."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from zcnas.benchmarks import get_benchmark
from zcnas.datasets import load_minibatch
from zcnas.datasets.frozen import load_minibatch_beside
from zcnas.judging.metrics import kendall_tau
from zcnas.participant.trial import PRACTICE, Trial, Tried, data_for, practice_inputs
from zcnas.phases import load_phases
from zcnas.words.records import read_reference
from zcnas.words.resources import (
    PHASES_FILE,
    competition_file,
    public_halves,
    public_reference,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class TriedPredictor:
    """What became of a predictor on the first networks of a benchmark.

    Attributes:
        benchmark: The benchmark's key.
        queries: One per network.
        accuracies: Id to accuracy, where they are public; empty otherwise.
    """

    benchmark: str
    queries: tuple[Tried, ...]
    accuracies: dict[str, float]

    def __repr__(self) -> str:
        """Return it in a line."""
        tau = "no public accuracies" if self.tau is None else f"tau {self.tau:.4f}"
        failed = sum(self.failures.values())
        return (
            f"<{self.benchmark}: {tau} on {len(self.queries)} architectures, {failed} failed; "
            "not the score>"
        )

    @cached_property
    def tau(self) -> float | None:
        """Kendall's tau-b on these networks; None if their accuracies are not public."""
        if not self.accuracies:
            return None
        truth = [self.accuracies[each.architecture.id] for each in self.queries]
        return kendall_tau([each.score for each in self.queries], truth, 0.0)

    @property
    def failures(self) -> Counter[str]:
        """How many networks failed with which message."""
        return Counter(
            f"{each.status}: {each.message}" for each in self.queries if each.status != "ok"
        )

    @cached_property
    def frame(self) -> pd.DataFrame:
        """A row per network: score, accuracy, status, message, and the seconds of each part."""
        import pandas as pd

        rows = [
            {
                "architecture": each.architecture.spec,
                "score": each.score,
                "accuracy": self.accuracies.get(each.architecture.id),
                "status": each.status,
                "message": each.message,
                **{f"seconds.{name}": use.wall_s for name, use in each.parts.items()},
            }
            for each in self.queries
        ]
        return pd.DataFrame(
            rows, index=pd.Index([q.architecture.id for q in self.queries], name="id")
        )

    def plot(self) -> Axes:
        """Draw scores against accuracies and return the axes.

        Raises:
            ValueError: The accuracies are not public.
        """
        import matplotlib.pyplot as plt

        if not self.accuracies:
            raise ValueError(f"the accuracies of {self.benchmark} are not public here")
        _, axes = plt.subplots()
        axes.scatter(self.frame["accuracy"], self.frame["score"])
        axes.set(xlabel="accuracy", ylabel="score", title=f"{self.benchmark}: tau {self.tau:.3f}")
        return axes


def try_predictor(
    predictor: Any,
    benchmark: str = "nasbench201_cifar10",
    n: int = 20,
    batch_size: int | None = None,
) -> TriedPredictor:
    """Return what becomes of a predictor on the first networks of a benchmark, in this process.

    Seeds, images and networks are those of a run. In a run every query has a process of its own, so
    a predictor that keeps something from one query to the next may do differently there.

    Args:
        predictor: An instance of your class.
        benchmark: A benchmark's key: of the practice phase, where accuracies are public, or any
            other, of which there are two random networks.
        n: How many networks at most.
        batch_size: How many images; the phase's own if left out, with which scores are a run's.

    Raises:
        PhaseError: The benchmark is unknown.
        Exception: Whatever ``pre_process`` raises.
    """
    import torch

    practice, labels = practice_inputs()
    data = data_for(benchmark, load_phases(competition_file(PHASES_FILE)), practice)
    if batch_size is None:
        minibatch = load_minibatch_beside(public_halves(PRACTICE)[0], data)
    else:
        data = msgspec.structs.replace(data, batch_size=batch_size)
        minibatch = load_minibatch(
            get_benchmark(data.benchmark), data.batch_size, data.eval_seed, None
        )
    public = public_reference(data.benchmark) if data.benchmark in practice else None
    truth = read_reference(public).accuracies if public else {}
    source = getattr(sys.modules.get(type(predictor).__module__), "__file__", None)
    folder = Path(source).resolve().parent if source else Path.cwd()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # as in a run: sums are taken in the same order
    try:
        trial = Trial(predictor, data, minibatch, folder, labels.get(data.benchmark))
        queries = trial.queries(n)
    finally:
        torch.set_num_threads(threads)
    return TriedPredictor(data.benchmark, queries, dict(truth))
