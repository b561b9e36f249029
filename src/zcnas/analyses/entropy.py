"""Entropies of binned values, in bits, and what a model learns of them.

    H(y | z) = H(y, z) − H(z),   H(x) = −Σ p(x) log₂ p(x)

with the shares of the sample for p: the plug-in estimator. It is biased downwards as the number of
joint bins approaches the number of architectures, whatever the variables are.

Reference: Krishnakumar et al., NeurIPS 2022, appendix C.2; Scott, "Sturges' rule", WIREs
Computational Statistics 1, 2009; Paninski, "Estimation of Entropy and Mutual Information", Neural
Computation 15, 2003 (the bias).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
Binning = Literal["equal-width", "percentile"]
BINNINGS: tuple[Binning, ...] = get_args(Binning)


def number_of_bins(architectures: int) -> int:
    """Return round(1 + 3.322 ln N), 24 for N = 1,000: Sturges' rule with the paper's logarithm."""
    return round(1 + 3.322 * math.log(architectures))


def discretise(values: Floats, bins: int, binning: Binning) -> Codes:
    """Return the bin of every value, (N,); NaN has a bin of its own, below the others.

    Infinities belong to the outer bins. ``percentile`` bins hold equally many distinct ranks.
    """
    codes = np.zeros(len(values), dtype=np.int64)
    known = ~np.isnan(values)
    finite = values[np.isfinite(values)]
    if len(finite) == 0:
        codes[known] = 1 + (values[known] > 0)
        return codes
    if binning == "equal-width":
        edges = np.linspace(finite.min(), finite.max(), bins + 1)[1:-1]
    else:
        edges = np.unique(np.quantile(finite, np.linspace(0, 1, bins + 1)[1:-1]))
    codes[known] = 1 + np.searchsorted(edges, values[known], side="right")
    return codes


def joint(first: Codes, second: Codes) -> Codes:
    """Return one code for each pair of codes that occurs."""
    _, codes = np.unique(first * (second.max() + 1) + second, return_inverse=True)
    return codes.astype(np.int64)


def entropy(codes: Codes) -> float:
    """Return H(x) in bits."""
    counts = np.bincount(codes)
    shares = counts[counts > 0] / len(codes)
    return float(-(shares * np.log2(shares)).sum())


def conditional(truth: Codes, given: Codes) -> float:
    """Return H(y | z) in bits."""
    return entropy(joint(truth, given)) - entropy(given)


def all_subsets(codes: Sequence[Codes], truths: Sequence[Codes]) -> dict[int, tuple[float, ...]]:
    """Return H(y | subset) of every non-empty subset of proxies for every y.

    Args:
        codes: One per proxy.
        truths: The accuracies, and shuffled copies.

    Returns:
        The keys are sets of places as bits; the values are in the order of ``truths``.
    """
    joined: dict[int, Codes] = {0: np.zeros(len(truths[0]), dtype=np.int64)}
    found: dict[int, tuple[float, ...]] = {}
    for bits in range(1, 1 << len(codes)):
        last = bits.bit_length() - 1
        given = joint(joined[bits ^ (1 << last)], codes[last])
        joined[bits] = given
        known = entropy(given)
        groups = int(given.max()) + 1
        found[bits] = tuple(_pair_entropy(truth, given, groups) - known for truth in truths)
    return found


def _pair_entropy(truth: Codes, given: Codes, groups: int) -> float:
    pairs = np.sort(truth * groups + given)
    starts = np.flatnonzero(np.r_[True, pairs[1:] != pairs[:-1], True])
    shares = np.diff(starts) / len(pairs)
    return float(-(shares * np.log2(shares)).sum())


def greedy(codes: Sequence[Codes], truth: Codes) -> list[int]:
    """Return the order that adds, each time, the proxy with the lowest H(y | all so far)."""
    chosen: list[int] = []
    known = np.zeros(len(truth), dtype=np.int64)
    while len(chosen) < len(codes):
        left = [place for place in range(len(codes)) if place not in chosen]
        joined = {place: joint(known, codes[place]) for place in left}
        best = min(left, key=lambda place: conditional(truth, joined[place]))
        chosen.append(best)
        known = joined[best]
    return chosen


def cross_validated_gain(features: Floats, truth: Codes, seed: int, folds: int = 5) -> float:
    """Return H(y) minus the cross-entropy of out-of-fold predictions, in bits per architecture.

    Predicted probabilities are mixed with a twentieth of the bins' shares among all, so that a bin
    a tree has not seen costs a finite number of bits.

    Args:
        features: (N, k), finite.
        truth: (N,) bins.
        seed: Of the trees and the folds.
        folds: Of the cross-validation.
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.model_selection import KFold

    _, labels = np.unique(truth, return_inverse=True)
    prior = np.bincount(labels) / len(labels)
    predicted = np.zeros((len(labels), len(prior)))
    for train, test in KFold(folds, shuffle=True, random_state=seed).split(features):
        model = ExtraTreesClassifier(50, min_samples_leaf=5, random_state=seed)
        model.fit(features[train], labels[train])
        predicted[np.ix_(test, model.classes_)] = model.predict_proba(features[test])
    mixed = 0.95 * predicted + 0.05 * prior
    own = mixed[np.arange(len(labels)), labels]
    return float(np.log2(own / prior[labels]).mean())
