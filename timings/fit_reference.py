"""Fits the reference predictors of the tracks transfer and few-labels, and shows what they reach.

    ZCNAS_DATA=… python timings/fit_reference.py build/reference [N]

Traces at least N architectures (150) of a benchmark on PyTorch's meta device, keeps them in OUT
and uses all that OUT has; NASWOT's scores are NAS-Bench-Suite-Zero's. Writes the sample's
``weights.json``. A row of the table: an architecture is ranked by weights fitted on the *other
half* of the architectures (by a digest of their names) of *other benchmarks*, or by labels drawn
from the other half of its own benchmark; both halves take turns.

Weights of a benchmark: of its own space, a ridge for each other benchmark, weighted by how well it
predicts the remaining ones; of all spaces, one ridge on the linear parts. The better the benchmarks
of its space predict each other, the more the former count.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from choose_reference import features, means, published
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

import zcnas
from zcnas.benchmarks import BENCHMARKS
from zcnas.judging.metrics import kendall_tau
from zcnas.judging.statistics import draw_weights, rank_scores, resample_taus
from zcnas.worker.contract import load_predictor

KIT = Path(__file__).resolve().parents[1] / "starting_kit"
TRANSFER = KIT / "submissions" / "reference_transfer"
FEW_LABELS = KIT / "few_labels" / "reference"
RIDGE, GLOBAL_RIDGE = 0.1, 1.0
SHARPNESS = 8
"""Exponent of the mean of a benchmark's correlations with others: near the largest of them."""
LARGE_TABLES = 300
"""Rows that a benchmark's table needs for 100 labels."""
DRAWS, RESAMPLES = 20, 500
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Known:
    """One benchmark's architectures, or a half of them.

    Attributes:
        key: The benchmark's.
        name: What the sample calls its data.
        answers: What ``query`` returns, a row per architecture.
        accuracy: (N,).
    """

    key: str
    name: str
    answers: list[dict[str, float]]
    accuracy: Array

    @property
    def space(self) -> str:
        """The search space."""
        return self.name.split(" ")[0]

    def part(self, chosen: Array) -> Known:
        """Return the architectures where ``chosen`` is true."""
        places = np.flatnonzero(chosen)
        return Known(self.key, self.name, [self.answers[p] for p in places], self.accuracy[places])


def traced(key: str, architecture: str) -> dict[str, float]:
    """Return the sample's parts of a network without numbers, NASWOT's score left out."""
    module = sys.modules["submitted.features"]
    benchmark = zcnas.benchmark(key)
    with torch.no_grad(), torch.device("meta"):
        network = benchmark.build(architecture)
        images = torch.zeros(2, *benchmark.record.dataset.input_shape)
        with module.Trace(images) as trace:
            paths = trace.of(network(images))
    params = sum(each.numel() for each in network.parameters()) / 1e6
    counted = {"macs": trace.macs / 2e6, "params": params, "alive": int(paths is not None)}
    return counted | vars(paths or module.Paths())


def load(key: str, out: Path, number: int) -> Known:
    """Return a benchmark's architectures in OUT; traces more if there are fewer than N."""
    frame = features(key, out, number, traced, "_parts")
    inputs, targets = zcnas.benchmark(key).minibatch(2)
    with torch.device("meta"):
        classes = zcnas.benchmark(key).build(frame.index[0]).num_classes
    space = BENCHMARKS[key].search_space
    name = sys.modules["submitted.weights"].data_name(space, inputs, targets, classes)
    answers = frame.drop(columns="accuracy").to_dict("records")
    return Known(key, name, answers, frame["accuracy"].to_numpy(float))


@dataclass(frozen=True)
class Source:
    """A benchmark to fit on: (N, 11) parts, (N, 43) φ of them, (N,) normal scores, the ridge's w.

    Attributes:
        certainty: Correlation of left-out predictions with the normal scores.
    """

    known: Known
    rows: Array
    lifted: Array
    wanted: Array
    weights: Array
    certainty: float


def to_source(known: Known) -> Source:
    """Return a benchmark with its own ridge."""
    rows = sys.modules["submitted.features"].standardised(known.answers)
    lifted, wanted = sys.modules["submitted.weights"].lifted(rows), normal_scores(known.accuracy)
    inverse = np.linalg.inv(lifted.T @ lifted + RIDGE * np.eye(lifted.shape[1]))
    weights = inverse @ lifted.T @ wanted
    leverage = np.einsum("nf,fg,ng->n", lifted, inverse, lifted)
    left_out = (lifted @ weights - leverage * wanted) / (1 - leverage)
    certainty = max(0.01, float(np.corrcoef(left_out, wanted)[0, 1]))
    return Source(known, rows, lifted, wanted, weights, certainty)


def normal_scores(values: Array) -> Array:
    """Return standard normal quantiles in the order of the values."""
    quantiles = norm.ppf(rankdata(values) / (len(values) + 1))
    return (quantiles - quantiles.mean()) / quantiles.std()


def fit(sources: list[Source], space: str, name: str = "") -> Array:
    """Return w for benchmarks of a space whose data have a name, fitted on all others."""
    others = [each for each in sources if each.known.name != name]
    normal = sum(_weighted(each, each.rows.T @ each.rows) for each in others)
    moments = sum(_weighted(each, each.rows.T @ each.wanted) for each in others)
    ridge = np.linalg.solve(normal + GLOBAL_RIDGE * np.eye(len(moments)), moments)
    deviation = np.std(np.concatenate([each.rows @ ridge for each in others]))
    width = others[0].lifted.shape[1]
    scale = np.sqrt(sys.modules["submitted.weights"].LINEAR / len(ridge))
    whole = np.pad(ridge / scale / deviation, (0, width - len(ridge)))
    near = [each for each in others if each.known.space == space]
    trust = np.array([_trust(each, near) for each in near])
    if not trust.any():
        return whole
    own = sum(t**2 * each.weights for t, each in zip(trust, near, strict=True))
    own = own / np.std(np.concatenate([each.lifted @ own for each in near]))
    share = float((trust**3).sum() / (trust**2).sum())
    return share * own + (1 - share) * whole


def _weighted(source: Source, moment: Array) -> Array:
    return source.certainty**3 / len(source.rows) * moment


def _trust(source: Source, near: list[Source]) -> float:
    """Return how well a benchmark's ridge predicts other benchmarks of its space."""
    found = [
        max(0.0, float(np.corrcoef(each.lifted @ source.weights, each.wanted)[0, 1]))
        for each in near
        if each.known.name != source.known.name
    ]
    return float(np.mean(np.array(found) ** SHARPNESS) ** (1 / SHARPNESS)) if found else 0.0


def alive(known: Known, scores: Array) -> Array:
    """Return the scores, below all others where a network does not see its image."""
    seeing = np.array([each["alive"] for each in known.answers], bool)
    return np.where(seeing, scores, scores.min() - 1)


Ranked = list[tuple[list[Array], Array]]
"""Of each half of one benchmark: several rankings' scores, and the accuracies."""


def transferred(pairs: dict[str, tuple[Known, Known]]) -> dict[str, Ranked]:
    """Return both halves of each benchmark, ranked by the other halves of other benchmarks."""
    sample = sys.modules["submitted.predictor"]
    found: dict[str, Ranked] = {key: [] for key in pairs}
    for half in (0, 1):
        sources = [to_source(pair[half]) for pair in pairs.values()]
        for key, pair in pairs.items():
            other = pair[1 - half]
            weights = fit(sources, other.space, other.name)
            scores = sample.scored(other.answers, weights)
            found[key].append(([alive(other, scores)], other.accuracy))
    return found


def labelled(pairs: dict[str, tuple[Known, Known]], number: int) -> dict[str, Ranked]:
    """Return halves ranked with labels drawn from the other half, all of it if it has fewer."""
    learned = sys.modules["submitted.predictor"].learned
    found: dict[str, Ranked] = {}
    for key, pair in pairs.items():
        rng = np.random.default_rng(0)
        found[key] = []
        for given, asked in (pair, pair[::-1]):
            seeing = [p for p, each in enumerate(given.answers) if each["alive"]]
            rankings = []
            for _ in range(DRAWS):
                drawn = rng.permutation(seeing)[:number]
                answers = [*(given.answers[p] for p in drawn), *asked.answers]
                rankings.append(alive(asked, learned(answers, given.accuracy[drawn])))
            found[key].append((rankings, asked.accuracy))
    return found


def told(halves: Ranked) -> str:
    """Return the mean tau of all rankings with its interval over architectures."""
    means = []
    for rankings, accuracy in halves:
        ranks = np.array([rank_scores(each.tolist()) for each in rankings])
        drawn = draw_weights(len(accuracy), 0, RESAMPLES)
        means.append(resample_taus(ranks, accuracy, drawn).mean(axis=0))
    low, high = np.quantile(np.mean(means, axis=0), (0.025, 0.975))
    return f"{mean_tau(halves):.3f} [{low:.2f}, {high:.2f}]"


def mean_tau(halves: Ranked) -> float:
    """Return the mean tau of all rankings, both halves alike."""
    return float(
        np.mean([[kendall_tau(each, truth) for each in rankings] for rankings, truth in halves])
    )


def summary(name: str, found: dict[str, Ranked]) -> str:
    """Return the means over all benchmarks and over those of the final five among them."""
    mean, final = means({key: mean_tau(turns) for key, turns in found.items()})
    return f"{name}: {mean:.3f} over {len(found)}, {final:.3f} over the five"


def write_weights(wholes: list[Known]) -> None:
    """Write the sample's weights, fitted on all architectures of other benchmarks."""
    sources = [to_source(each) for each in wholes]
    names = {"": ("", "")} | {space: (space, "") for space in {each.space for each in wholes}}
    names |= {each.name: (each.space, each.name) for each in wholes}
    weights = {key: fit(sources, *names[key]).round(2).tolist() for key in sorted(names)}
    lines = ",\n".join(f'"{key}": {json.dumps(each)}' for key, each in weights.items())
    (TRANSFER / "weights.json").write_text(f"{{\n{lines}\n}}\n")


def main() -> None:
    """Trace, fit, write the weights, and print tables."""
    out, number = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 150
    out.mkdir(parents=True, exist_ok=True)
    if not (TRANSFER / "weights.json").is_file():
        (TRANSFER / "weights.json").write_text('{"": []}')
    load_predictor(TRANSFER)
    wholes, pairs = [], {}
    for key in BENCHMARKS:
        whole = load(key, out, number)
        wholes.append(whole)
        odd = np.array([each["odd"] for each in whole.answers], bool)
        pairs[key] = whole.part(~odd), whole.part(odd)
    write_weights(wholes)
    transfer = transferred(pairs)
    load_predictor(FEW_LABELS)
    few = labelled(pairs, 20)
    large = {key: pair for key, pair in pairs.items() if len(published(key)) >= LARGE_TABLES}
    many = labelled(large, 100)
    print("| benchmark | transfer | 20 labels | 100 labels |\n|---|---|---|---|")
    for key in BENCHMARKS:
        cells = [told(found[key]) if key in found else "" for found in (transfer, few, many)]
        print(f"| `{key}` | {' | '.join(cells)} |", flush=True)
    for name, found in (("transfer", transfer), ("20 labels", few), ("100 labels", many)):
        print(summary(name, found))


if __name__ == "__main__":
    main()
