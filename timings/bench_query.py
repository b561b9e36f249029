"""Times a look-up in our table of proxy scores: the goal is less than a microsecond.

    python timings/bench_query.py [--queries N]

After loading the table, it looks up random (architecture, proxy) pairs of every benchmark and
prints the loading time, the time per look-up, and how many times that fits into a microsecond.
NAS-Bench-Suite-Zero's paper states 10 µs.
"""

from __future__ import annotations

import argparse
import itertools
import random
import time

from zcnas.proxies import PROXIES
from zcnas.tables.zero_cost_scores import query, read_index, read_scores

ROUNDS = 50
"""Repetitions; the fastest counts, because other load on the machine only adds time."""


def main() -> None:
    """Print the times and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queries", type=int, default=20_000)
    arguments = parser.parse_args()
    rng = random.Random(0)
    start = time.perf_counter()
    rows_of = {key: list(read_scores(key)) for key in read_index()["benchmarks"]}
    print(f"reading {sum(map(len, rows_of.values()))} rows: {time.perf_counter() - start:.3f} s")
    keys, proxies = list(rows_of), list(PROXIES)
    asked = []
    for _ in range(arguments.queries):
        key = rng.choice(keys)
        asked.append((key, rng.choice(rows_of[key]), rng.choice(proxies)))
    for key in keys:
        query(key, rows_of[key][0], proxies[0])  # loads it
    loops = []
    for function in (query, lambda *_: 0.0):  # the second is the price of the loop and of a call
        best = float("inf")
        for _ in range(ROUNDS):
            start = time.process_time()
            for _ in itertools.starmap(function, asked):
                pass
            best = min(best, time.process_time() - start)
        loops.append(best / arguments.queries)
    print(f"per look-up: {loops[0] * 1e9:.0f} ns, of which {loops[1] * 1e9:.0f} ns are any call")
    print(f"{1e-6 / loops[0]:.1f}x")


if __name__ == "__main__":
    main()
