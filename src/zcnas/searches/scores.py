"""The proxies' scores of all candidates of an arena, with where each is from.

A proxy's scores come from one source, because two implementations have two scales: a researcher's
file if it has the proxy, otherwise the source that has most candidates, be it rows of ``zcnas
analyse scores``, our table in the package, or the published table. A cell of NAS-Bench-201 that the
source lacks has the score of an isomorphic one. What is still missing is NaN, or a fit if that is
asked for. How many are of which kind stands in ``ScoreColumn.origin``, and on every page.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zcnas.analyses.correlation import spearman
from zcnas.analyses.our_scores import Row
from zcnas.analyses.score_files import SECONDS as OWN_SECONDS
from zcnas.analyses.score_files import read_score_columns
from zcnas.benchmarks import Benchmark, get_benchmark
from zcnas.errors import SearchError, TableError
from zcnas.jobs.lines import read_lines
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.searches.arena import Arena
from zcnas.searches.budget import ScoreColumn
from zcnas.searches.candidates import Candidates
from zcnas.searches.surrogates import Trees, normal_scores
from zcnas.tables import zero_cost_scores
from zcnas.tables.published_scores import PROXIES, load_scores
from zcnas.tables.reduced_training import load_reduced
from zcnas.tables.zero_cost_scores import SECONDS

OWN = "brought by the researcher"
FEWEST_FITTED = 50
"""Scores a fit needs."""
FOLDS = 5

Known = dict[str, tuple[float, float]]
"""Maps an architecture to a score and its CPU seconds (0 where nobody measured them)."""


@dataclass(frozen=True)
class Sources:
    """Where scores come from, beside the package's table.

    Attributes:
        tables: The folder of published tables.
        file: A researcher's own scores, a CSV file (``analyses.score_files``).
        rows: Files with rows of ``zcnas analyse scores``.
        fit: Whether gaps are filled by a fit.
    """

    tables: Path | None = None
    file: Path | None = None
    rows: tuple[Path, ...] = ()
    fit: bool = False


def with_scores(arena: Arena, proxies: Iterable[str], sources: Sources) -> Arena:
    """Return an arena with the scores of some proxies.

    Raises:
        SearchError: Nobody has scores of one of them.
        AnalysisError: The researcher's file is wrong.
        ResultsError: A file of rows is malformed.
    """
    names = tuple(dict.fromkeys(proxies))
    if not names:
        return arena
    offers = list(_offers(arena, get_benchmark(arena.benchmark), sources))
    columns = {}
    for name in names:
        known = [(origin, scores[name]) for origin, scores in offers if scores.get(name)]
        if not known:
            raise SearchError(
                f"nobody has scores of '{name}' on {arena.benchmark}; compute them with --compute, "
                "or bring them as a file with --scores"
            )
        own = [offer for offer in known if offer[0] == OWN]
        origin, scores = own[0] if own else max(known, key=lambda offer: len(offer[1]))
        columns[name] = _column(arena.candidates, scores, origin)
    if sources.fit:
        columns = {name: _fitted(arena, columns, name) for name in columns}
    return replace(arena, columns={**arena.columns, **columns})


def known_proxies(benchmark: Benchmark, tables: Path | None) -> tuple[str, ...]:
    """Return the thirteen proxies that have scores on a benchmark, in our table or theirs."""
    ours: tuple[str, ...] = ()
    with contextlib.suppress(TableError):
        first = next(iter(zero_cost_scores.read_scores(benchmark.key).values()))
        ours = tuple(proxy for proxy in PROXIES if proxy in first)
    if len(ours) == len(PROXIES):
        return ours
    return max(ours, tuple(load_scores(benchmark, tables).scores), key=len)


def _offers(
    arena: Arena, benchmark: Benchmark, sources: Sources
) -> Iterator[tuple[str, Mapping[str, Known]]]:
    """Yield every source there is: its name, and its scores by proxy."""
    place_of = arena.candidates.place_of
    if sources.file is not None:
        found = read_score_columns(sources.file, [benchmark], {benchmark.key: place_of})
        own = dict(found[benchmark.key])
        paid = own.pop(OWN_SECONDS, {})
        yield (
            OWN,
            {
                name: {
                    text: (_number(score), (paid.get(text) or 0.0) / len(own))
                    for text, score in column.items()
                }
                for name, column in own.items()
            },
        )
    for path in sources.rows:
        rows: dict[str, Known] = {}
        for row in read_lines(path, Row):
            for name, score in row.scores.items():
                share = row.seconds / len(row.scores)
                rows.setdefault(name, {})[row.architecture] = (float(score), share)
        yield "computed here", rows
    with contextlib.suppress(TableError):
        for each in load_reduced(benchmark, sources.tables):
            values = {text: (value, each.seconds[text]) for text, value in each.accuracies.items()}
            yield f"trained for {each.epochs} of {each.full} epochs", {each.name: values}
    with contextlib.suppress(TableError):
        table = zero_cost_scores.read_scores(benchmark.key)
        proxies = [name for name in next(iter(table.values())) if name != SECONDS]
        yield (
            "our table",
            {
                name: {
                    text: (row[name], row[SECONDS] / len(proxies)) for text, row in table.items()
                }
                for name in proxies
            },
        )
    with contextlib.suppress(TableError):
        published = load_scores(benchmark, sources.tables)
        yield (
            "published",
            {
                name: {
                    text: (_number(score), published.seconds.get(name, {}).get(text, 0.0))
                    for text, score in column.items()
                }
                for name, column in published.scores.items()
            },
        )


def _column(candidates: Candidates, known: Known, origin: str) -> ScoreColumn:
    """Return a column of one source, with the scores of isomorphic cells in its gaps."""
    scores, seconds = np.full(len(candidates), np.nan), np.zeros(len(candidates))
    for text, place in candidates.place_of.items():
        if text in known:
            scores[place], seconds[place] = known[text]
    said = [f"{int((~np.isnan(scores)).sum())} {origin}"]
    if np.isnan(scores).any() and isinstance(candidates.specs[0], NasBench201Spec):
        classes = candidates.classes
        first = {classes[p]: p for p in np.flatnonzero(~np.isnan(scores))[::-1].tolist()}
        gaps = [p for p in np.flatnonzero(np.isnan(scores)).tolist() if classes[p] in first]
        for place in gaps:
            twin = first[classes[place]]
            scores[place], seconds[place] = scores[twin], seconds[twin]
        said.append(f"{len(gaps)} of an isomorphic cell")
    missing = int(np.isnan(scores).sum())
    return ScoreColumn(
        scores, seconds, ", ".join([*said, *([f"{missing} missing"] * (missing > 0))])
    )


def _fitted(arena: Arena, columns: Mapping[str, ScoreColumn], name: str) -> ScoreColumn:
    """Return a column whose gaps hold the predictions of XGBoost.

    It learns a proxy's ranks, as normal scores, from the encoding and the proxies without gaps; its
    cross-validated Spearman's rho is part of the column's origin.

    Raises:
        SearchError: There are too few scores to learn from.
    """
    column = columns[name]
    gaps = np.isnan(column.scores)
    if not gaps.any():
        return column
    known = np.flatnonzero(~gaps)
    if len(known) < FEWEST_FITTED:
        raise SearchError(
            f"{len(known)} candidates have scores of '{name}'; a fit needs {FEWEST_FITTED}: "
            "compute more with --compute"
        )
    complete = [c.scores for c in columns.values() if not np.isnan(c.scores).any()]
    features = np.column_stack([arena.candidates.encoding, *complete])
    features = np.clip(features, -1e30, 1e30)
    ranks = normal_scores(column.scores[known])
    folds = np.arange(len(known)) % FOLDS
    guesses = np.empty(len(known))
    for fold in range(FOLDS):
        model = Trees()
        model.fit(features[known[folds != fold]], ranks[folds != fold])
        guesses[folds == fold] = model.predict(features[known[folds == fold]])
    model = Trees()
    model.fit(features[known], ranks)
    scores, seconds = np.empty(len(gaps)), column.seconds.copy()
    scores[known] = ranks
    scores[gaps] = model.predict(features[gaps])
    seconds[gaps] = column.seconds[known].mean()
    origin = column.origin.rpartition(", ")[0]
    rho = spearman(guesses, ranks)
    return ScoreColumn(
        scores, seconds, f"{origin}, {int(gaps.sum())} fitted (rho {rho:.2f} in cross-validation)"
    )


def _number(score: float | None) -> float:
    return -math.inf if score is None else score
