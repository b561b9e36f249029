"""Scores that nobody has, computed by the proxies themselves and kept.

Of isomorphic cells of NAS-Bench-201 one is computed. The rows have the form of ``zcnas analyse
scores``, one file per benchmark and proxy: interrupt it anywhere and repeat the command to resume.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from zcnas.analyses.our_scores import ScoreWork, Terms, grow, rows_path
from zcnas.errors import SearchError
from zcnas.searches.arena import Arena
from zcnas.searches.scores import Sources, with_scores

BATCH_SIZE = 32


def compute_missing(
    arena: Arena, proxies: tuple[str, ...], sources: Sources, folder: Path
) -> Sources:
    """Compute the scores of some proxies that no source has; return the sources with them.

    A proxy whose scores are incomplete everywhere is computed on every candidate that its file in
    ``folder`` lacks, because scores of two sources have two scales.

    Raises:
        OrganiserError: A proxy could not be computed.
    """
    works, paths = [], []
    for proxy in proxies:
        if _is_complete(arena, proxy, replace(sources, fit=False)):
            continue
        own = folder / proxy
        terms = Terms(arena.benchmark, (proxy,), BATCH_SIZE, sources.tables)
        works.append(ScoreWork(terms, arena.candidates.representatives(), own))
        paths.append(rows_path(own, arena.benchmark))
    if works:
        grow(works, folder)
    return replace(sources, rows=(*sources.rows, *paths))


def _is_complete(arena: Arena, proxy: str, sources: Sources) -> bool:
    try:
        column = with_scores(arena, (proxy,), sources).columns[proxy]
    except SearchError:
        return False
    return not np.isnan(column.scores).any()
