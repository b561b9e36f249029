"""Times the whole figure of searches: four algorithms in three variants, 100 trials of 300 models.

    python timings/bench_searches.py [--trials N] [--cache FOLDER]

Random search, aging evolution, REINFORCE and the binary relation search NAS-Bench-201 on CIFAR-100
(tables: ZCNAS_DATA), each alone, with a warm-up of 3,000 and with five moves by synflow, whose
scores ``zcnas search --compute --cache FOLDER`` has left there; without them by zen, which is
published for all cells (REINFORCE then repeats models so often that its moves take minutes). It
prints CPU seconds per search and their sum, of which five minutes are the goal, then the CPU time
of one evaluation of a look-up search, of which 20 µs are. With fewer trials the sum is scaled.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from zcnas.benchmarks import get_benchmark
from zcnas.searches.arena import Arena, load_arena
from zcnas.searches.plans import Plan, make_plan
from zcnas.searches.scores import Sources, with_scores
from zcnas.searches.trials import run_trial

KEY = "nasbench201_cifar100"
ALGORITHMS = ("rand", "ae", "rl", "bp")
MODELS, TRIALS = 300, 100
GOAL_S, GOAL_US = 300, 20
ROUNDS = 5
"""Repetitions of an evaluation; the fastest counts, because other load only adds time."""


def main() -> None:
    """Print the times and the goals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=TRIALS)
    parser.add_argument("--cache", type=Path, default=Path("build/scores"))
    arguments = parser.parse_args()
    rows = tuple(sorted(arguments.cache.glob(f"synflow/{KEY}.jsonl")))
    proxy = "synflow" if rows else "zen"
    arena = _arena(proxy, rows)
    variants = ({}, {"warmup": f"{proxy}:3000"}, {"moves": f"{proxy}:5"})
    total = 0.0
    for algorithm in ALGORITHMS:
        for variant in variants:
            plan = make_plan(KEY, algorithm, models=MODELS, **variant)
            seconds = _seconds(plan, arena, range(arguments.trials))
            total += seconds * TRIALS / arguments.trials
            print(f"{plan.name}: {seconds:.1f} s for {arguments.trials} trials", flush=True)
    print(f"sum: {total:.0f} CPU seconds for {TRIALS} trials each; goal: at most {GOAL_S}")
    for algorithm in ("rand", "ae"):
        plan = make_plan(KEY, algorithm, models=MODELS)
        best = min(_seconds(plan, arena, range(20)) for _ in range(ROUNDS))
        print(f"{algorithm}: {best / (20 * MODELS) * 1e6:.1f} µs per evaluation; goal: {GOAL_US}")


def _arena(proxy: str, rows: tuple[Path, ...]) -> Arena:
    named = os.environ.get("ZCNAS_DATA")
    folder = Path(named) if named else None
    arena = load_arena(get_benchmark(KEY), folder)
    arena = with_scores(arena, (proxy,), Sources(folder, None, rows))
    run_trial(make_plan(KEY, "bp", models=20), arena, 0)  # loads what is loaded once
    return arena


def _seconds(plan: Plan, arena: Arena, trials: range) -> float:
    """Return the CPU seconds of some trials."""
    start = time.process_time()
    for number in trials:
        run_trial(plan, arena, number)
    return time.process_time() - start


if __name__ == "__main__":
    main()
