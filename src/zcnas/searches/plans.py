"""``Plan``: what the trials of one search have in common, and the proxies it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zcnas.benchmarks import get_benchmark
from zcnas.errors import SearchError
from zcnas.searches.algorithm import ALL_PROXIES, BOTH, ENCODING, PATHS
from zcnas.searches.algorithms import ALGORITHMS, USES_FEATURES, get_algorithm
from zcnas.searches.scores import known_proxies
from zcnas.searches.wrappers import Moves, Warmup, read_moves, read_warmup


@dataclass(frozen=True)
class Plan:
    """What trials of one search have in common.

    Attributes:
        benchmark: A benchmark's key.
        algorithm: A name in ``ALGORITHMS``, or a plugin's.
        warmup: The proxy that starts it; None for none.
        moves: The proxy that chooses among its moves; None for none.
        features: What its predictor sees; see ``Setting``.
        models: How many models a trial may train.
        seed: Of all trials; trials of two plans with one seed and number are a pair.
    """

    benchmark: str
    algorithm: str
    warmup: Warmup | None = None
    moves: Moves | None = None
    features: str = ENCODING
    models: int = 300
    seed: int = 0

    @property
    def name(self) -> str:
        """What the search is called on figures, such as ``ae + warm-up synflow:3000``."""
        parts = [self.algorithm]
        if self.features != ENCODING:
            parts[0] += f" ({self.features})"
        if self.warmup is not None:
            parts.append(f"warm-up {self.warmup}")
        if self.moves is not None:
            parts.append(f"moves {self.moves}")
        return " + ".join(parts)


def make_plan(
    benchmark: str,
    algorithm: str,
    warmup: str = "",
    moves: str = "",
    features: str = ENCODING,
    models: int = 300,
    seed: int = 0,
) -> Plan:
    """Return the plan that words describe.

    Args:
        benchmark: A benchmark's key.
        algorithm: A name.
        warmup: ``PROXY:M`` or ``PROXY:all``; "" for none.
        moves: ``PROXY:K``; "" for none.
        features: What a predictor sees.
        models: How many models a trial may train.
        seed: Of all trials.

    Raises:
        SearchError: One of them is not as it must be, or they do not go together.
    """
    get_algorithm(algorithm)
    if features != ENCODING and algorithm in ALGORITHMS and algorithm not in USES_FEATURES:
        raise SearchError(
            f"{algorithm} has no predictor that could see '{features}'; leave the features out, or "
            f"take {', '.join(USES_FEATURES)}"
        )
    if models < 1:
        raise SearchError(f"a trial of {models} models trains nothing; write at least 1")
    return Plan(
        get_benchmark(benchmark).key,
        algorithm,
        read_warmup(warmup) if warmup else None,
        read_moves(moves) if moves else None,
        features,
        models,
        seed,
    )


def proxies_of(plan: Plan, tables: Path | None) -> tuple[str, ...]:
    """Return the proxies whose scores a plan needs.

    Args:
        plan: The plan.
        tables: The folder of published tables, which say which proxies a benchmark has.
    """
    names = [each.proxy for each in (plan.warmup, plan.moves) if each is not None]
    if plan.features in (ALL_PROXIES, BOTH):
        names += known_proxies(get_benchmark(plan.benchmark), tables)
    elif plan.features not in (ENCODING, PATHS):
        names.append(plan.features)
    return tuple(dict.fromkeys(names))
