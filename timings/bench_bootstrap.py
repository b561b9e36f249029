"""Times the bootstrap of tau-b: S submissions × K benchmarks × N architectures × R resamples.

On one core, it times the resamples of a few benchmarks and extrapolates to all K; then a plain
loop, one resample after another with pairs counted in Python, over a few resamples of one
submission. The last line is the ratio per tau. The trick is that Σ w_i w_j sign(s_i − s_j)
sign(a_i − a_j) over all resamples is a matrix product (see ``src/zcnas/judging/statistics.py``).

    python timings/bench_bootstrap.py [S] [K] [N] [R]
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported

import sys
import time

import numpy as np

from zcnas.judging.metrics import kendall_tau
from zcnas.judging.statistics import draw_weights, rank_scores, resample_taus

SIZES = (50, 28, 1000, 10_000)
TIMED = 1
"""Number of benchmarks timed; the others would take the same time."""
LOOPED = 20


def main():
    """Print the times of both methods and their ratio."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    submissions, benchmarks, n, resamples = [int(a) for a in sys.argv[1:]] or SIZES
    rng = np.random.default_rng(0)
    accuracies = rng.normal(90, 3, n)
    scores = accuracies + rng.normal(0, 5, (submissions, n))
    ranks = np.stack([rank_scores(row.tolist()) for row in scores])
    begin, cpu = time.perf_counter(), time.process_time()
    for seed in range(TIMED):
        weights = draw_weights(n, seed, resamples)
        taus = resample_taus(ranks, accuracies, weights)
    seconds = (time.perf_counter() - begin) / TIMED
    cpu = (time.process_time() - cpu) / TIMED
    print(
        f"{submissions} submissions x {resamples} resamples of N = {n}: {seconds:.1f} s "
        f"({cpu:.1f} s CPU) a benchmark, {benchmarks * cpu / 60:.1f} min of CPU for {benchmarks}"
    )
    begin = time.process_time()
    for number in range(LOOPED):
        drawn = np.repeat(np.arange(n), weights[:, number].astype(int))
        plain = kendall_tau(scores[0][drawn].tolist(), accuracies[drawn].tolist())
        assert abs(plain - taus[0, number]) < 1e-5
    one = (time.process_time() - begin) / LOOPED
    every = one * submissions * benchmarks * resamples
    print(f"plain loop: {1000 * one:.1f} ms of CPU a tau, {every / 3600:.1f} h for all")
    print(f"{one / (cpu / submissions / resamples):.0f}x")


if __name__ == "__main__":
    main()
