"""What a replay shows about a submission, and the signs that follow from it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import msgspec

from zcnas.organiser.audit import Sign
from zcnas.words.records import Prediction

MOVES, MARGIN = 1 / 20, 0.05
"""Share of pairs that other weights move at least, unless tau is not this far above all samples."""
FAST = 0.5
"""Below this share of a forward pass's CPU time, a query cannot have run one."""


@dataclass(frozen=True)
class Evidence:
    """A few architectures of one benchmark, queried again.

    Attributes:
        recorded: The predictions of the run.
        again: Queried again in reverse order, with everything else the same.
        elsewhere: Queried with other weights and other images.
        canary: Our parameter count on the same architectures, as a lower bound on time.
        forward: One forward pass on the same architectures.
        tau: The submission's tau on the benchmark.
        baselines: The taus of our own submissions in the same run, by name.
        claims: What its source claims to use.
    """

    recorded: Sequence[Prediction]
    again: Sequence[Prediction]
    elsewhere: Sequence[Prediction]
    canary: Sequence[Prediction]
    forward: Sequence[Prediction]
    tau: float
    baselines: Mapping[str, float]
    claims: tuple[str, ...]


def signs_of(evidence: Evidence) -> list[Sign]:
    """Return the signs in one submission's evidence."""
    return [
        *_ignores_input(evidence),
        *_fast_and_good(evidence),
        *_too_steady(evidence),
        *_unsteady(evidence),
    ]


def _values(predictions: Sequence[Prediction]) -> dict[str, object]:
    """Return what each query answered, a number or named numbers; None for a failure."""
    return {
        each.id: each.value if each.parts is msgspec.UNSET else each.parts for each in predictions
    }


def _ignores_input(evidence: Evidence) -> list[Sign]:
    """Return a sign if other weights and images change no score although the source uses them."""
    again, elsewhere = _values(evidence.again), _values(evidence.elsewhere)
    usable = [token for token, value in again.items() if value is not None]
    same = [token for token in usable if elsewhere.get(token) == again[token]]
    if not usable or len(same) < len(usable) or not evidence.claims:
        return []
    return [
        Sign(
            "ignores_input",
            f"other weights and images do not change the scores of {len(same)} architectures, "
            f"although the source uses {', '.join(evidence.claims)}",
        )
    ]


def _fast_and_good(evidence: Evidence) -> list[Sign]:
    """Return a sign if queries are faster than a forward pass but better than every baseline."""
    floor = median(prediction.cpu_time_s for prediction in evidence.canary)
    forward = median(prediction.cpu_time_s for prediction in evidence.forward) - floor
    own = median(prediction.cpu_time_s for prediction in evidence.again) - floor
    best = max(evidence.baselines.values(), default=None)
    if best is None or forward <= 0 or own > FAST * forward or evidence.tau <= best:
        return []
    return [
        Sign(
            "fast_and_good",
            f"a query takes {max(own, 0):.3f} s of CPU time, while one forward pass takes "
            f"{forward:.3f} s, and tau {evidence.tau:.3f} is above the best baseline's {best:.3f}",
        )
    ]


def _too_steady(evidence: Evidence) -> list[Sign]:
    """Return a sign if other weights and images move hardly a pair, and no baseline is as good.

    What is computed from weights and images moves with them; who is better than everything that is
    computed, and does not move, may know the architecture.
    """
    again, elsewhere = _values(evidence.again), _values(evidence.elsewhere)
    numbers = [
        (one, other)
        for token, one in again.items()
        if isinstance(one, float) and isinstance(other := elsewhere.get(token), float)
    ]
    pairs = list(itertools.combinations(numbers, 2))
    moved = sum((a[0] - b[0]) * (a[1] - b[1]) <= 0 and a != b for a, b in pairs)
    best = max(evidence.baselines.values(), default=None)
    if best is None or len(pairs) < 1 / MOVES or moved >= MOVES * len(pairs):
        return []
    if evidence.tau <= best + MARGIN:
        return []
    return [
        Sign(
            "too_steady",
            f"other weights and images change the order of {moved} of {len(pairs)} pairs, fewer "
            f"than one in {1 / MOVES:.0f}, and tau {evidence.tau:.3f} is above the best baseline's "
            f"{best:.3f}",
        )
    ]


def _unsteady(evidence: Evidence) -> list[Sign]:
    """Return a sign if scores change with the order: randomness, or memory of earlier queries."""
    recorded, again = _values(evidence.recorded), _values(evidence.again)
    changed = [token for token, value in again.items() if recorded.get(token) != value]
    if not changed:
        return []
    return [
        Sign(
            "unsteady",
            f"{len(changed)} of {len(again)} architectures got a different score when queried "
            "again in another order",
        )
    ]
