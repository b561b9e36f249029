"""What a replay shows about a submission, and the signs that follow from it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import msgspec

from zcnas.judging.metrics import kendall_tau
from zcnas.organiser.audit import Sign
from zcnas.words.records import Prediction

MOVES, MARGIN = 1 / 20, 0.05
"""Share of pairs that other weights move at least, unless tau is not this far above all samples."""
FORGED = 0.5
"""Share of the public tau that is left at least on the forged benchmarks of a space."""
FAST = 0.5
"""Below this share of a forward pass's CPU time, a query cannot have run one."""


@dataclass(frozen=True)
class Evidence:
    """A few architectures of one benchmark, queried again.

    Attributes:
        recorded: The predictions of the run.
        again: Queried again in reverse order, with everything else the same.
        elsewhere: Queried with other weights and other images.
        disguised: Queried again for networks that compute the same and are written differently.
        scores: What the run made of each architecture, combined where that was called for; None for
            a failure.
        slimmer: The same of more architectures, as networks of another width, which no table has.
        accuracies: Of the architectures, at the benchmark's own width.
        forged: By search space, the mean taus on the run's forged benchmarks and on its others.
        canary: Our parameter count on the same architectures, as a lower bound on time.
        forward: One forward pass on the same architectures.
        tau: The submission's tau on the benchmark.
        baselines: The taus of our own submissions in the same run, by name.
        claims: What its source claims to use.
    """

    recorded: Sequence[Prediction]
    again: Sequence[Prediction]
    elsewhere: Sequence[Prediction]
    disguised: Sequence[Prediction]
    scores: Mapping[str, float | None]
    slimmer: Mapping[str, float | None]
    accuracies: Mapping[str, float]
    forged: Mapping[str, tuple[float, float]]
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
        *_identity(evidence),
        *_outside(evidence),
        *_forged(evidence),
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
    best = max(evidence.baselines.values(), default=None)
    if best is None or evidence.tau <= best + MARGIN:
        return []
    signs = []
    for change, one, other in (
        ("other weights and images", _values(evidence.again), _values(evidence.elsewhere)),
        ("another width of the networks", evidence.scores, evidence.slimmer),
    ):
        moved, pairs = _moved(one, other)
        if pairs >= 1 / MOVES and moved < MOVES * pairs:
            signs.append(
                Sign(
                    "too_steady",
                    f"{change} change the order of {moved} of {pairs} pairs, fewer than one in "
                    f"{1 / MOVES:.0f}, and tau {evidence.tau:.3f} is above the best baseline's "
                    f"{best:.3f}",
                )
            )
    return signs


def _moved(before: Mapping[str, object], after: Mapping[str, object]) -> tuple[int, int]:
    """Return how many pairs of architectures change their order, and of how many pairs."""
    numbers = [
        (value, changed)
        for token, value in before.items()
        if isinstance(value, float) and isinstance(changed := after.get(token), float)
    ]
    pairs = list(itertools.combinations(numbers, 2))
    return sum((a[0] - b[0]) * (a[1] - b[1]) <= 0 and a != b for a, b in pairs), len(pairs)


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


def _identity(evidence: Evidence) -> list[Sign]:
    """Return a sign if networks that compute the same get scores of another order, or none."""
    again, disguised = _values(evidence.again), _values(evidence.disguised)
    moved, pairs = _moved(again, disguised)
    lost = sum(value is not None and disguised[token] is None for token, value in again.items())
    if not lost and moved <= MOVES * pairs:
        return []
    return [
        Sign(
            "identity",
            "for networks that compute the same, with layers of other names and channels in "
            f"another order, {moved} of {pairs} pairs change their order, and {lost} of "
            f"{len(again)} scores are lost",
        )
    ]


def _outside(evidence: Evidence) -> list[Sign]:
    """Return a sign if tau falls where no table can help: at another width of the networks.

    What is good at one width is good at a similar one, so the accuracies are the benchmark's own.
    """
    accuracies = [evidence.accuracies[token] for token in evidence.slimmer]
    inside = kendall_tau([evidence.scores[token] for token in evidence.slimmer], accuracies)
    outside = kendall_tau(list(evidence.slimmer.values()), accuracies)
    if outside >= inside - MARGIN - _chance(len(accuracies)):
        return []
    return [
        Sign(
            "outside",
            f"tau is {inside:.3f} on {len(accuracies)} architectures, and {outside:.3f} on the "
            "same ones as networks of another width, which no table has",
        )
    ]


def _forged(evidence: Evidence) -> list[Sign]:
    """Return a sign for each space of which too little of tau is left where nobody can look up."""
    return [
        Sign(
            "forged",
            f"tau is {there:.3f} on forged benchmarks of {space}, which nobody can look up, and "
            f"{public:.3f} on its other benchmarks",
        )
        for space, (there, public) in evidence.forged.items()
        if there < FORGED * public - _chance(len(evidence.scores))
    ]


def _chance(count: int) -> float:
    """Return two standard errors of tau between independent rankings of N architectures.

    Reference: Kendall, "A New Measure of Rank Correlation", Biometrika 30, 1938.
    """
    if count < 2:
        return math.inf
    return 2 * math.sqrt(2 * (2 * count + 5) / (9 * count * (count - 1)))
