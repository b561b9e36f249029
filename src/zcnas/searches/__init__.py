"""Searches with and without zero-cost proxies: the papers' algorithms on tables of accuracies.

    Candidates, PaidScores ──▶ Algorithm.ask ──▶ run_trial ──▶ Algorithm.tell … ──▶ Trial
    Plan × trials, on ``zcnas.jobs`` ──▶ OUT/trials.jsonl ──▶ ``comparison``: curves, tables, a page

Every algorithm has one interface (``algorithm.py``) and pays into one ``Budget``. It sees the
candidates of a space and the proxies' scores; the accuracies stay in the ``Arena``, which only the
loop of a trial reads. Needs the extra ``research``.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from zcnas.benchmarks import get_benchmark
from zcnas.searches.algorithm import ENCODING
from zcnas.searches.algorithms import ALGORITHMS, get_algorithm
from zcnas.searches.arena import load_arena
from zcnas.searches.plans import Plan, make_plan, proxies_of
from zcnas.searches.running import run_search
from zcnas.searches.scores import Sources, with_scores
from zcnas.searches.trials import Trial, run_trial

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ALGORITHMS", "Plan", "Trial", "get_algorithm", "run_search", "run_trial", "search"]


def search(
    benchmark: str,
    algorithm: str = "rand",
    *,
    warmup: str = "",
    moves: str = "",
    features: str = ENCODING,
    trials: int = 10,
    models: int = 300,
    seed: int = 0,
    scores: Path | str | None = None,
    fit: bool = False,
    folder: Path | str | None = None,
    out: Path | str | None = None,
) -> pd.DataFrame:
    """Return the trials of a search, a row for every new best model of each.

    Args:
        benchmark: A benchmark's key.
        algorithm: ``rand``, ``ae``, ``rl``, ``bp``, ``bp_gcn``, ``bananas``,
            ``bananas_random``, ``npenas``, ``proxybo``, or a plugin's.
        warmup: ``PROXY:M``: the best of M candidates by a proxy are trained first.
        moves: ``PROXY:K``: of K moves the best by a proxy is made.
        features: What a predictor sees: ``encoding``, ``path``, ``zc``, ``both``, or one
            proxy's name.
        trials: How many.
        models: How many models a trial may train.
        seed: Trials of two searches with one seed are pairs.
        scores: A CSV file with proxy scores of your own.
        fit: Fill the gaps of proxies' scores by a fit.
        folder: The folder of accuracy tables; what ``ZCNAS_DATA`` names if left out.
        out: Where to keep the trials; the call resumes there. Nowhere if left out.

    Returns:
        Columns ``trial``, ``models`` (trained so far), ``architecture``, ``validation``, ``test``
        (in the tables' unit), ``proxy_s`` (CPU seconds of proxies so far) and ``training_s``
        (seconds of trainings so far, 0 where the table does not say). ``frame.attrs`` says what the
        accuracies are and where the scores are from.

    Raises:
        SearchError: The search cannot be run as asked.
        TableError: A table is missing or damaged.
    """
    import pandas as pd

    plan = make_plan(benchmark, algorithm, warmup, moves, features, models, seed)
    named = folder if folder is not None else os.environ.get("ZCNAS_DATA")
    tables = Path(named) if named else None
    arena = load_arena(get_benchmark(benchmark), tables)
    own = Path(scores) if scores is not None else None
    arena = with_scores(arena, proxies_of(plan, tables), Sources(tables, own, fit=fit))
    with tempfile.TemporaryDirectory() as scratch:
        done = run_search(plan, arena, trials, Path(out if out is not None else scratch))
    frame = pd.DataFrame(
        [
            (trial.trial, *msgspec.structs.astuple(step))
            for trial in done
            for step in trial.incumbents
        ],
        columns=["trial", "models", "architecture", "validation", "test", "proxy_s", "training_s"],
    )
    frame.attrs.update(
        search=plan.name,
        validation=arena.metrics[0],
        test=arena.metrics[1],
        scores={name: column.origin for name, column in arena.columns.items()},
    )
    return frame
