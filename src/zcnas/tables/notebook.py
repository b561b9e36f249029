"""What a notebook asks of a benchmark, in one object: ``zcnas.benchmark("nasbench201_cifar10")``.

Networks, images, accuracies and scores come from the rooms that own them; torch is imported when a
network is first built, pandas when a data frame is asked for.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zcnas.benchmarks import Benchmark, Spec, get_benchmark
from zcnas.datasets import Minibatch, load_minibatch
from zcnas.judging.metrics import kendall_tau
from zcnas.search_spaces import build_network, get_search_space, parse_spec
from zcnas.tables import load_table
from zcnas.words.resources import public_draws, public_halves
from zcnas.words.seeds import derive_seed

if TYPE_CHECKING:
    import pandas as pd

    from zcnas.search_spaces.network import Network
    from zcnas.tables.frames import Source

DEFAULT_BATCH = 64
ACCURACIES = "nas_bench_suite_zero"
PRACTICE = "practice"


@dataclass(frozen=True)
class ResearchBenchmark:
    """A benchmark with what research does with it.

    Attributes:
        key: Its key.
        record: Its search space and dataset.
    """

    key: str
    record: Benchmark

    def __repr__(self) -> str:
        """Return it as it is asked for."""
        return f"zcnas.benchmark({self.key!r})"

    def sample(self, number: int, seed: int = 0) -> list[Spec]:
        """Return random architectures of the search space, the same for a seed."""
        rng = random.Random(derive_seed("research", self.key, seed))
        space = get_search_space(self.record.search_space)
        return [space.spec.sample(rng) for _ in range(number)]

    def practice(self) -> dict[str, Spec]:
        """Return the practice phase's architectures by id, in their order; empty if it has none."""
        from zcnas.words.records import read_input

        path = public_halves(PRACTICE)[0] / f"{self.key}.json"
        if not path.is_file():
            return {}
        entries = read_input(path).architectures
        return {each.id: parse_spec(self.record.search_space, each.spec) for each in entries}

    def build(self, architecture: Spec | str, seed: int | None = 0) -> Network:
        """Return an architecture as an untrained network in train mode.

        Args:
            architecture: A spec, or its canonical string.
            seed: Of its initial weights; None to leave torch's generator as it is.
        """
        import torch

        space = self.record.search_space
        spec = parse_spec(space, architecture) if isinstance(architecture, str) else architecture
        if seed is not None:
            torch.manual_seed(seed)
        return build_network(spec, self.record)

    def minibatch(
        self, batch_size: int = DEFAULT_BATCH, seed: int = 0, folder: Path | str | None = None
    ) -> tuple[Any, Any]:
        """Return images and targets as tensors.

        They come from the dataset's published files if a folder has them, and are synthetic
        otherwise.

        Args:
            batch_size: How many images.
            seed: Which ones.
            folder: With published files; what ``ZCNAS_DATA`` names if left out.
        """
        import torch

        drawn: Minibatch = load_minibatch(self.record, batch_size, seed, _data_folder(folder))
        return torch.from_numpy(drawn.inputs), torch.from_numpy(drawn.targets)

    def accuracies(self, folder: Path | str | None = None) -> pd.Series[float]:
        """Return the accuracies as a series, the mean over training seeds.

        Those of every published architecture if a folder has the tables, otherwise those of the
        practice phase. The index is the canonical string of an ``architecture``.

        Raises:
            TableError: There is no table here, and the practice phase does not have the benchmark.
        """
        import pandas as pd

        tables = _data_folder(folder)
        shown = tables is None and self.key in public_draws()
        table = load_table(self.record, "public_phase" if shown else ACCURACIES, tables)
        found = pd.Series(table.means(), name="accuracy", dtype=float)
        found.index.name = "architecture"
        return found

    def scores(self, source: Source = "ours", folder: Path | str | None = None) -> pd.DataFrame:
        """Return proxy scores as a data frame; see ``zcnas.scores``."""
        from zcnas.tables.frames import scores

        return scores(self.record, source, folder)


def benchmark(key: str) -> ResearchBenchmark:
    """Return a benchmark by its key.

    Raises:
        PhaseError: It is unknown; the message lists the known ones.
    """
    found = get_benchmark(key)
    return ResearchBenchmark(found.key, found)


def tau(scores: Iterable[float | None], accuracies: Iterable[float]) -> float:
    """Return Kendall's tau-b of scores and accuracies, as the leaderboard computes it.

    Two mappings or series are matched by their keys; anything else by position. A score of None
    failed: it ranks below every other. Constant scores give 0.
    """
    if isinstance(scores, Mapping) and isinstance(accuracies, Mapping):
        pairs = [(scores[key], accuracies[key]) for key in scores]
    elif hasattr(scores, "index") and hasattr(accuracies, "reindex"):
        matched = accuracies.reindex(scores.index)
        pairs = list(zip(scores, matched, strict=True))
    else:
        pairs = list(zip(scores, accuracies, strict=True))
    told = [None if each is None or each != each else float(each) for each, _ in pairs]
    return kendall_tau(told, [float(each) for _, each in pairs], 0.0)


def _data_folder(folder: Path | str | None) -> Path | None:
    named = folder if folder is not None else os.environ.get("ZCNAS_DATA")
    return Path(named) if named else None
