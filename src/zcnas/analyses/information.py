"""RQ 2: do proxies complement each other in explaining accuracy?

Conditional entropies of binned accuracies given binned scores, as the paper computes them, with two
things beside every curve that it lacks: the same curve of shuffled accuracies (what the estimator
makes of nothing), and a cross-validated gain (what a model really learns).

Reference: Krishnakumar et al., "NAS-Bench-Suite-Zero", NeurIPS 2022, section 4.2, appendix C.2 and
figures 4 and 11 to 16.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from zcnas.analyses import entropy, figures
from zcnas.analyses.papers import printed
from zcnas.analyses.result import Check, Drawing, Result, TableOf
from zcnas.analyses.study import SENTINEL, Floats, Study

NAME = "information"
QUESTION = "What do several proxies together say about the accuracy, beyond what noise would?"

SAMPLE = 1000
"""Architectures of one estimate, as in the paper: the estimate depends on their number."""
SHUFFLES = 3
EXHAUSTED = 0.1
"""Bits above the shuffled curve at which adding proxies tells nothing more."""
SEED = 0
DRAWS = 20


def analyse(studies: Sequence[Study]) -> Result:
    """Return entropies, gains and curves over the number of proxies, each beside its null."""
    result = Result(
        NAME,
        "Complementary information",
        QUESTION,
        tuple(study.key for study in studies),
        {study.key: study.table.sha256 for study in studies},
    )
    curves, pairs, learnt = [], [], []
    for study in studies:
        sample = draw_sample(study)
        for binning in entropy.BINNINGS:
            curves.append(curve(study, sample, binning))
        if len(sample) >= 2 * SAMPLE // 5:
            curves.append(curve(study, best_of(study, sample), "equal-width", "top half"))
        pairs.append(pair_table(study, sample))
        learnt.append(learning_curve(study, sample))
    table = pd.concat(curves)
    result.tables += [
        TableOf("curves", "Conditional entropy over the number of proxies", table, _CURVE_TEXT),
        TableOf("pairs", "Entropy and information gain of pairs", pd.concat(pairs), _PAIR_TEXT),
        TableOf("learnt", "Cross-validated gain", pd.concat(learnt), _LEARNT_TEXT),
        TableOf("exhausted", "Proxies until nothing is left above the null", exhausted(table)),
    ]
    for study in studies:
        result.drawings += _drawings(study, table, result.table("learnt"))
    _compare_with_figure_11(result, studies)
    _findings(result, table)
    return result


_CURVE_TEXT = (
    "H(y | z₁ … z_k) in bits: `random` order (mean), `greedy` order, `minimum` over all subsets of "
    "k. `null` is the minimum curve of shuffled accuracies (mean of 3 shuffles), `above_null` = "
    "null − minimum: what is known beyond the estimator's own bias. Failures are a bin of their "
    "own; no sentinel enters an equal-width grid."
)
_PAIR_TEXT = (
    "H(y | z_i, z_j) and the gain H(y | z_i) − H(y | z_i, z_j), equal-width bins, with the gain of "
    "the same pair for shuffled accuracies."
)
_LEARNT_TEXT = (
    "Bits per architecture that a model of the first k proxies of the greedy order tells about the "
    "bin of unseen architectures (5-fold cross-validation, extremely randomised trees): H(y) minus "
    "the cross-entropy of its predictions. It may fall, and be negative, where proxies add noise."
)


def draw_sample(study: Study) -> tuple[str, ...]:
    """Return up to ``SAMPLE`` architectures on which most proxies were evaluated, drawn evenly."""
    names = [name for name in study.names if len(study.scores[name]) >= _typical(study)]
    known = study.complete(names)
    rng = np.random.default_rng(SEED)
    chosen = rng.permutation(len(known))[:SAMPLE]
    return tuple(known[place] for place in sorted(chosen.tolist()))


def _typical(study: Study) -> float:
    """Return how many architectures the middle proxy was evaluated on; less is incomplete."""
    return float(np.median([len(column) for column in study.scores.values()]))


def best_of(study: Study, sample: Sequence[str]) -> tuple[str, ...]:
    """Return the better half of a sample: what the paper does with the best 1,000."""
    ordered = sorted(sample, key=lambda a: study.accuracies[a], reverse=True)
    return tuple(sorted(ordered[: len(ordered) // 2]))


def informative(study: Study, sample: Sequence[str]) -> list[str]:
    """Return the proxies evaluated on the whole sample that are not constant there."""
    return [
        name
        for name in study.names
        if all(a in study.scores[name] for a in sample)
        and len({study.scores[name][a] for a in sample}) > 1
    ]


def curve(
    study: Study, sample: Sequence[str], binning: entropy.Binning, part: str = "all"
) -> pd.DataFrame:
    """Return a row per k: random, greedy and minimum entropy, and the null."""
    names = informative(study, sample)
    codes, truth = _codes(study, sample, names, binning)
    rng = np.random.default_rng(SEED)
    shuffled = [rng.permutation(truth) for _ in range(SHUFFLES)]
    table = entropy.all_subsets(codes, [truth, *shuffled])
    order = entropy.greedy(codes, truth)
    rows = []
    for k in range(1, len(names) + 1):
        subsets = [bits for bits in table if bits.bit_count() == k]
        values = np.array([table[bits] for bits in subsets])
        best = subsets[int(values[:, 0].argmin())]
        greedy_bits = sum(1 << place for place in order[:k])
        rows.append(
            {
                "benchmark": study.key,
                "binning": binning,
                "part": part,
                "architectures": len(sample),
                "k": k,
                "random": values[:, 0].mean(),
                "greedy": table[greedy_bits][0],
                "minimum": values[:, 0].min(),
                "null": values[:, 1:].min(axis=0).mean(),
                "above_null": values[:, 1:].min(axis=0).mean() - values[:, 0].min(),
                "added by greedy": names[order[k - 1]],
                "best subset": " ".join(names[i] for i in range(len(names)) if best >> i & 1),
            }
        )
    return pd.DataFrame(rows)


def pair_table(study: Study, sample: Sequence[str]) -> pd.DataFrame:
    """Return a row per ordered pair of proxies: entropy, gain, and the gain under the null."""
    names = informative(study, sample)
    codes, truth = _codes(study, sample, names, "equal-width")
    shuffled = np.random.default_rng(SEED).permutation(truth)
    rows = []
    for first, one in enumerate(names):
        single = (
            entropy.conditional(truth, codes[first]),
            entropy.conditional(shuffled, codes[first]),
        )
        for second, other in enumerate(names):
            both = entropy.joint(codes[first], codes[second])
            pair = entropy.conditional(truth, both)
            rows.append(
                {
                    "benchmark": study.key,
                    "given": one,
                    "added": other,
                    "entropy": pair,
                    "gain": single[0] - pair,
                    "gain under the null": single[1] - entropy.conditional(shuffled, both),
                }
            )
    return pd.DataFrame(rows)


def learning_curve(study: Study, sample: Sequence[str]) -> pd.DataFrame:
    """Return the cross-validated gain of the first k proxies of the greedy order."""
    names = informative(study, sample)
    codes, truth = _codes(study, sample, names, "percentile")
    order = entropy.greedy(codes, truth)
    matrix = study.matrix(sample, [names[place] for place in order])
    lowest = np.nanmin(np.where(np.isfinite(matrix), matrix, np.nan), axis=0)
    filled = np.where(np.isfinite(matrix), matrix, np.minimum(2 * lowest, lowest - 1))
    rows = []
    for k in range(1, len(names) + 1):
        gain = entropy.cross_validated_gain(filled[:, :k], truth, SEED)
        rows.append({"benchmark": study.key, "k": k, "added": names[order[k - 1]], "gain": gain})
    return pd.DataFrame(rows)


def exhausted(table: pd.DataFrame) -> pd.DataFrame:
    """Return the k from which the minimum stays within ``EXHAUSTED`` bits of the null."""
    rows = []
    keys = ["benchmark", "binning", "part"]
    for key, group in table.groupby(keys, sort=False):
        left = group["above_null"].to_numpy()
        known = [int(k) for k, rest in zip(group["k"], left, strict=True) if rest > EXHAUSTED]
        last = max(known, default=0)
        rows.append(
            {
                **dict(zip(keys, key, strict=True)),
                "at k = 1": left[0],
                "largest": left.max(),
                f"k with at most {EXHAUSTED:g} left": last + 1 if last < len(left) else "none",
            }
        )
    return pd.DataFrame(rows)


def _codes(
    study: Study, sample: Sequence[str], names: Sequence[str], binning: entropy.Binning
) -> tuple[list[entropy.Codes], entropy.Codes]:
    """Return the bins of every proxy, and of the accuracy."""
    matrix = study.matrix(sample, names)
    bins = entropy.number_of_bins(len(sample))
    truth = np.array([study.accuracies[a] for a in sample])
    codes = [entropy.discretise(matrix[:, place], bins, binning) for place in range(len(names))]
    return codes, entropy.discretise(truth, bins, binning)


def _drawings(study: Study, table: pd.DataFrame, learnt: pd.DataFrame) -> list[Drawing]:
    chosen = table[(table["benchmark"] == study.key) & (table["part"] == "all")]
    chosen = chosen[chosen["binning"] == "equal-width"]
    ks = chosen["k"].tolist()
    lines = {name: (ks, chosen[name].tolist()) for name in ("random", "greedy", "minimum", "null")}
    own = learnt[learnt["benchmark"] == study.key]
    lines["null − minimum"] = (ks, chosen["above_null"].tolist())
    lines["cross-validated gain"] = (own["k"].tolist(), own["gain"].tolist())
    return [
        Drawing(
            f"curve_{study.key}",
            f"{study.key}: entropy over the number of proxies",
            f"Conditional entropy of the accuracy of {study.key} given k proxies in random, greedy "
            "and best order, the best order for shuffled accuracies (null), what is left above "
            "the null, and the cross-validated gain.",
            figures.curves(lines, ("number of proxies", "bits")),
        )
    ]


def zen_with_sentinel(study: Study) -> float | None:
    """Return H(y | zen) as the paper computed it: the sentinel is a number among the others.

    Mean over ``DRAWS`` samples of 1,000: between two samples it differs by 0.05 bits.
    """
    if "zen" not in study.scores:
        return None
    column = study.column("zen")
    scores: Floats = column.as_published
    if not (scores == SENTINEL).any():
        return None
    found = []
    for seed in range(DRAWS):
        chosen = np.random.default_rng(seed).permutation(len(column))[:SAMPLE]
        bins = entropy.number_of_bins(len(chosen))
        zen = entropy.discretise(scores[chosen], bins, "equal-width")
        truth = entropy.discretise(column.accuracy[chosen], bins, "equal-width")
        found.append(entropy.conditional(truth, zen))
    return float(np.mean(found))


def _compare_with_figure_11(result: Result, studies: Sequence[Study]) -> None:
    paper = printed("suite_zero")["figure_11_zen_row"]
    for study in studies:
        if study.key in paper and (ours := zen_with_sentinel(study)) is not None:
            theirs = paper[study.key]
            result.checks.append(
                Check(
                    f"figure 11, H(y | zen) on {study.key}, with the sentinel",
                    f"{theirs:.2f}, within .1",
                    f"{ours:.2f}",
                    abs(ours - theirs) <= 0.1,
                )
            )


def _findings(result: Result, table: pd.DataFrame) -> None:
    chosen = table[(table["binning"] == "equal-width") & (table["part"] == "all")]
    for key, group in chosen.groupby("benchmark", sort=False):
        first, last = group.iloc[0], group.iloc[-1]
        fall, empty = first["minimum"] - last["minimum"], first["null"] - last["null"]
        result.findings.append(
            f"{key}: from one proxy to {last['k']} the entropy falls by {fall:.2f} bits, and by "
            f"{empty:.2f} bits for shuffled accuracies; {last['above_null']:.2f} bits are left "
            "above the null"
        )
