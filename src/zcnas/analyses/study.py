"""A benchmark as analyses see it: accuracies, the proxies' scores, and a researcher's own columns.

    study = load_study(get_benchmark("nasbench201_cifar10"), folder, own_columns)
    study.column("synflow").ranks

Failures are kept apart from scores: they rank below every score (as on the leaderboard), and
nothing averages over them. Dimension letter: N architectures.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zcnas.analyses import features
from zcnas.benchmarks import Benchmark, Spec
from zcnas.errors import AnalysisError
from zcnas.judging.statistics import rank_scores
from zcnas.search_spaces import SEARCH_SPACES, get_search_space
from zcnas.tables import Table, nas_bench_suite_zero
from zcnas.tables.published_scores import PROXIES, load_scores

Floats = NDArray[np.float64]
Scores = Mapping[str, float | None]
"""Maps an architecture to its score, None where it failed."""

FEWEST = 10
"""Architectures below which nothing is computed."""
SENTINEL = -1e8
"""What the publication computed with where a proxy had failed."""


@dataclass(frozen=True)
class Column:
    """One proxy's scores of the N architectures it was evaluated on.

    Attributes:
        name: The proxy's name.
        architectures: Canonical strings, sorted.
        scores: (N,), NaN where the proxy failed.
        accuracy: (N,).
        weights: (N,), how many architectures of the space each stands for; their mean is 1.
    """

    name: str
    architectures: tuple[str, ...]
    scores: Floats
    accuracy: Floats
    weights: Floats

    def __len__(self) -> int:
        return len(self.architectures)

    @property
    def failed(self) -> NDArray[np.bool_]:
        """(N,), where the proxy failed."""
        return np.isnan(self.scores)

    @cached_property
    def ranks(self) -> NDArray[np.int32]:
        """(N,) dense ranks, failures tied below every score."""
        return rank_scores([None if np.isnan(score) else score for score in self.scores.tolist()])

    @property
    def as_published(self) -> Floats:
        """(N,), the sentinel where the proxy failed: only to repeat what the paper computed."""
        return np.where(self.failed, SENTINEL, self.scores)

    @property
    def is_constant(self) -> bool:
        """Whether the scores order nothing."""
        return len(np.unique(self.ranks)) < 2


@dataclass(frozen=True)
class Study:
    """The architectures of one benchmark, and what is known of them.

    Attributes:
        benchmark: The benchmark.
        table: Its accuracies.
        scores: Maps a proxy, or one of ``own``, to its scores.
        own: Names of a researcher's own columns.
        folder: Where its tables are.
    """

    benchmark: Benchmark
    table: Table
    scores: Mapping[str, Scores]
    own: tuple[str, ...] = ()
    folder: Path | None = None
    _columns: dict[str, Column] = field(default_factory=dict, compare=False, repr=False)
    _strata: dict[str, Hashable] = field(default_factory=dict, compare=False, repr=False)

    @property
    def key(self) -> str:
        """The benchmark's key."""
        return self.benchmark.key

    @property
    def names(self) -> tuple[str, ...]:
        """The proxies that have scores, then the researcher's own columns."""
        return tuple(self.scores)

    @cached_property
    def accuracies(self) -> dict[str, float]:
        """Maps every architecture of the table to its mean accuracy."""
        return self.table.means()

    def strata(self, architectures: Sequence[str]) -> list[Hashable]:
        """Return the stratum of each architecture; None where a space has none."""
        stratum = STRATA.get(self.benchmark.search_space)
        if stratum is None:
            return [None] * len(architectures)
        for architecture in architectures:
            if architecture not in self._strata:
                (spec,) = self.specs([architecture])
                self._strata[architecture] = stratum(spec)
        return [self._strata[architecture] for architecture in architectures]

    def specs(self, architectures: Iterable[str]) -> list[Spec]:
        """Return architectures as values."""
        parse = get_search_space(self.benchmark.search_space).spec.parse
        return [parse(text) for text in architectures]

    def column(self, name: str) -> Column:
        """Return a proxy's scores with the accuracies of the same architectures."""
        if name not in self._columns:
            known = self.scores[name]
            architectures = tuple(sorted(known))
            self._columns[name] = Column(
                name,
                architectures,
                np.array([np.nan if (s := known[a]) is None else s for a in architectures]),
                np.array([self.accuracies[a] for a in architectures]),
                sampling_weights(self.benchmark.search_space, self.strata(architectures)),
            )
        return self._columns[name]

    def complete(self, names: Sequence[str] | None = None) -> tuple[str, ...]:
        """Return the architectures on which every one of ``names`` was evaluated, sorted."""
        chosen = self.names if names is None else names
        shared = set.intersection(*(set(self.scores[name]) for name in chosen))
        return tuple(sorted(shared))

    def matrix(self, architectures: Sequence[str], names: Sequence[str]) -> Floats:
        """Return (N, proxies) scores; NaN where one failed or was not evaluated."""
        rows = [[self.scores[name].get(a) for name in names] for a in architectures]
        return np.array(rows, dtype=np.float64).reshape(len(architectures), len(names))


def load_study(
    benchmark: Benchmark, folder: Path | None, own: Mapping[str, Scores] | None = None
) -> Study:
    """Return the study of a benchmark from NAS-Bench-Suite-Zero's accuracies and scores.

    Args:
        benchmark: Any of the 28.
        folder: The folder of accuracy tables.
        own: A researcher's columns for it, by name.

    Raises:
        TableError: The table is missing, damaged, or has no scores.
        AnalysisError: There are fewer than ``FEWEST`` architectures, a researcher's column has the
            name of a proxy, or all its scores are equal.
    """
    table = nas_bench_suite_zero.load(benchmark, folder)
    published = load_scores(benchmark, folder)
    columns = own or {}
    for name in columns:
        if name in PROXIES:
            raise AnalysisError(
                f"your column '{name}' has the name of a published proxy; rename it, for instance "
                f"to my_{name}"
            )
    study = Study(benchmark, table, {**published.scores, **columns}, tuple(columns), folder)
    for name in study.names:
        _check_column(study.column(name), benchmark.key, own=name in columns)
    return study


def _check_column(column: Column, benchmark: str, *, own: bool) -> None:
    if len(column) < FEWEST:
        raise AnalysisError(
            f"{benchmark} has {len(column)} architectures with scores of {column.name}; an "
            f"analysis needs at least {FEWEST}"
        )
    if own and column.is_constant:
        raise AnalysisError(
            f"your column '{column.name}' has the same score for all {len(column)} architectures "
            f"of {benchmark}: it orders nothing, so there is nothing to correlate; leave the "
            "benchmark out or correct the column"
        )


def sampling_weights(search_space: str, strata: Sequence[Hashable]) -> Floats:
    """Return post-stratification weights (N,) that make a sample speak for its search space.

    w_i = (share of i's stratum in the space) / (its share in the sample), scaled to mean 1.

    Args:
        search_space: Its key.
        strata: The stratum of every architecture of the sample, by ``STRATA``.

    Reference: Holt and Smith, "Post Stratification", JRSS A 142, 1979.
    """
    if search_space not in STRATA or not strata:
        return np.ones(len(strata))
    population, sample = _population(search_space), Counter(strata)
    weights = np.array([population[stratum] / sample[stratum] for stratum in strata])
    scaled: Floats = weights / weights.mean()
    return scaled


def _skeleton(spec: Any) -> Hashable:
    return len(spec.modules), spec.reductions, spec.doublings


STRATA: dict[str, Callable[[Any], Hashable]] = {
    "nasbench201": features.is_connected,
    "transbench101_micro": features.is_connected,
    "transbench101_macro": _skeleton,
}
"""Search spaces whose evaluated architectures were not drawn uniformly, and what corrects it.

Of NAS-Bench-201's cells 2.2 % connect input and output by nothing, of its evaluated rows 0.6 %;
such cells, at chance, weigh heavily in a Pearson correlation. NASLib draws a skeleton's length
first, so a fifth of the macro rows have four modules, and 2 % of the space does. NAS-Bench-101's
rows cannot be corrected: 85 % of the space has seven vertices, and one row does.
"""


@functools.cache
def _population(search_space: str) -> Counter[Hashable]:
    return Counter(map(STRATA[search_space], SEARCH_SPACES[search_space].spec.enumerate()))
