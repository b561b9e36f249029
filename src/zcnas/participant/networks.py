"""Networks to try a submission on where a phase's own are not wanted, or not there."""

from __future__ import annotations

import random
from collections.abc import Mapping

from zcnas.benchmarks import Benchmark
from zcnas.phases import Phase
from zcnas.search_spaces import get_search_space
from zcnas.words.labels import Label, Labels
from zcnas.words.records import Architecture, BenchmarkInput
from zcnas.words.seeds import derive_seed, derive_token

NETWORKS, LABELS = 2, 4
SEED = "smoke test 4"
"""Of the networks: with this one, the two of a space differ in size and let a signal through."""
EVAL_SEED = 0


def networks_of(benchmark: Benchmark, batch_size: int) -> BenchmarkInput:
    """Return a benchmark's networks for a trial: the same two random ones each time."""
    space = get_search_space(benchmark.search_space)
    rng = random.Random(derive_seed(SEED, space.key))
    specs = [str(space.spec.sample(rng)) for _ in range(NETWORKS)]
    return BenchmarkInput(
        benchmark=benchmark.key,
        search_space=benchmark.search_space,
        dataset=benchmark.dataset.name,
        batch_size=batch_size,
        eval_seed=EVAL_SEED,
        architectures=tuple(
            Architecture(id=derive_token(SEED, spec)[:16], spec=spec) for spec in specs
        ),
    )


def made_up_labels(benchmark: Benchmark) -> Labels:
    """Return labels of random networks for a trial of ``fit``; their accuracies mean nothing."""
    space = get_search_space(benchmark.search_space)
    judged = {each.spec for each in networks_of(benchmark, 1).architectures}
    rng = random.Random(derive_seed(SEED, space.key, "labels"))
    specs: dict[str, None] = {}
    while len(specs) < LABELS:
        if (spec := str(space.spec.sample(rng))) not in judged:
            specs[spec] = None
    return Labels(
        benchmark=benchmark.key,
        metric="made up",
        unit="percent",
        labels=tuple(Label(spec, 60.0 + 5 * number) for number, spec in enumerate(specs)),
    )


def phase_of(key: str, phases: Mapping[str, Phase]) -> Phase:
    """Return the first phase that has a benchmark; the first of all if none has it."""
    ordered = list(phases.values())
    return next((phase for phase in ordered if key in phase.benchmarks), ordered[0])
