"""Do proxies help a model that predicts accuracies from architectures?

XGBoost on an encoding, on the proxies, and on both; trained on 100 (and, where the data allows,
1,000) architectures and tested on others.

Reference: Krishnakumar et al., "NAS-Bench-Suite-Zero", NeurIPS 2022, section 5, appendix D and
tables 9 and 10; White et al., "How Powerful are Performance Predictors in Neural Architecture
Search?", NeurIPS 2021 (the settings of XGBoost; jacov as a feature).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from zcnas.analyses import entropy, figures
from zcnas.analyses.correlation import spearman
from zcnas.analyses.features import encode
from zcnas.analyses.information import informative
from zcnas.analyses.papers import printed
from zcnas.analyses.result import Check, Drawing, Result, TableOf, shares_within
from zcnas.analyses.study import Floats, Study

NAME = "surrogate"
QUESTION = "How much better does a model predict accuracies if it is given the proxies?"

FEATURES = ("encoding", "zc", "both")
TRIALS = 10
ABLATION_TRIALS = 3
"""Of the ablations, which train thirteen models more."""
FEW, MANY = 100, 1000
MOST_TESTED = 1000
FEWEST_TESTED = 90
ROUNDS = 100
SETTINGS = {
    "tree_method": "exact", "max_depth": 6, "learning_rate": 0.3, "min_child_weight": 1,
    "objective": "reg:squarederror", "nthread": 1, "verbosity": 0,
}  # fmt: skip


def analyse(studies: Sequence[Study]) -> Result:
    """Return rho of XGBoost with encoding, proxies and both; importances; ablations."""
    result = Result(
        NAME,
        "Proxies as features of a surrogate",
        QUESTION,
        tuple(study.key for study in studies),
        {study.key: study.table.sha256 for study in studies},
    )
    tables, importances, ablation, numbers = [], [], [], []
    for study in studies:
        data = Data(study)
        for train in (FEW, MANY):
            if train + FEWEST_TESTED <= len(data):
                tables.append(compare(data, train))
        if len(data) >= FEW + FEWEST_TESTED // 2:
            importances.append(importance(data))
            ablation.append(one_proxy(data))
            numbers.append(growing(data))
    if not tables:
        return result
    table = pd.concat(tables, ignore_index=True)
    result.tables += [
        TableOf(
            "tables_9_and_10",
            "XGBoost with encoding, proxies and both (tables 9 and 10)",
            table,
            f"Mean Spearman's rho over {TRIALS} draws of training architectures, and its standard "
            "deviation, on up to 1,000 others. Table 10 trains on 1,000: shown where that many "
            "architectures and a test set have scores.",
        ),
        TableOf(
            "one_proxy",
            "The encoding with one proxy",
            pd.concat(ablation, ignore_index=True),
            f"Gain in rho over the encoding alone; mean of {ABLATION_TRIALS} draws.",
        ),
        TableOf("number", "Number of proxies, in the greedy order", pd.concat(numbers)),
        TableOf(
            "importances",
            "Feature importances",
            pd.concat(importances, ignore_index=True),
            "How often a proxy splits the data, over all trees (XGBoost's `weight`), as a share.",
        ),
    ]
    _draw(result, table)
    _compare_with_paper(result, table)
    _jacov(result)
    return result


class Data:
    """Features and accuracies of the architectures of one benchmark.

    Proxies that the release evaluated on fewer architectures than the others have gaps, which
    XGBoost takes as missing values; so do failures.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        sizes = sorted(len(column) for column in study.scores.values())
        typical = sizes[len(sizes) // 2]
        broad = [name for name in study.names if len(study.scores[name]) >= typical]
        self.architectures = study.complete(broad)
        self.names = study.names
        self.scores = study.matrix(self.architectures, self.names)
        self.scores = np.clip(self.scores, -1e30, 1e30)
        space = study.benchmark.search_space
        self.encoding = encode(space, study.specs(self.architectures))
        self.accuracy = np.array([study.accuracies[a] for a in self.architectures])

    def __len__(self) -> int:
        return len(self.architectures)

    def features(self, kind: str) -> Floats:
        """Return (N, features) of one of ``FEATURES``, or of the encoding and one proxy."""
        if kind == "encoding":
            return self.encoding
        if kind == "zc":
            return self.scores
        if kind == "both":
            return np.hstack([self.encoding, self.scores])
        place = self.names.index(kind)
        return np.hstack([self.encoding, self.scores[:, place : place + 1]])

    def splits(self, train: int, trials: int = TRIALS) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return training and test places of every trial."""
        found = []
        for trial in range(trials):
            order = np.random.default_rng(trial).permutation(len(self))
            found.append((order[:train], order[train : train + MOST_TESTED]))
        return found


def predict(features: Floats, accuracy: Floats, train: np.ndarray, test: np.ndarray) -> Floats:
    """Return XGBoost's predictions for ``test`` after training on ``train``."""
    import xgboost

    scale = accuracy[train].std() or 1.0
    labels = (accuracy[train] - accuracy[train].mean()) / scale
    model = xgboost.train(SETTINGS, xgboost.DMatrix(features[train], labels), ROUNDS)
    predictions: Floats = model.predict(xgboost.DMatrix(features[test])).astype(np.float64)
    return predictions


def rhos(data: Data, features: Floats, train: int, trials: int = TRIALS) -> list[float]:
    """Return Spearman's rho with the truth of every trial."""
    return [
        spearman(predict(features, data.accuracy, fitted, tested), data.accuracy[tested])
        for fitted, tested in data.splits(train, trials)
    ]


def compare(data: Data, train: int) -> pd.DataFrame:
    """Return a row per kind of features: rho, its deviation, the paper's, the gain."""
    paper = printed("suite_zero")["table_9" if train == FEW else "table_10"]
    rows: list[dict[str, object]] = []
    means: dict[str, float] = {}
    for kind in FEATURES:
        found = rhos(data, data.features(kind), train)
        means[kind] = float(np.mean(found))
        theirs = paper.get(data.study.key, {})
        rows.append(
            {
                "benchmark": data.study.key,
                "training": train,
                "tested": min(len(data) - train, MOST_TESTED),
                "features": kind,
                "spearman": means[kind],
                "deviation": float(np.std(found)),
                "gain over the encoding": means[kind] - means["encoding"],
                "paper": theirs.get(kind, np.nan),
            }
        )
    return pd.DataFrame(rows)


def importance(data: Data) -> pd.DataFrame:
    """Return which share of all splits every proxy makes, trained on proxies alone."""
    import xgboost

    counts = np.zeros(len(data.names))
    for fitted, _ in data.splits(FEW):
        matrix = xgboost.DMatrix(data.scores[fitted], data.accuracy[fitted])
        found = xgboost.train(SETTINGS, matrix, ROUNDS).get_score(importance_type="weight")
        counts += [found.get(f"f{place}", 0.0) for place in range(len(data.names))]
    shares = dict(zip(data.names, (counts / counts.sum()).tolist(), strict=True))
    return pd.DataFrame([{"benchmark": data.study.key, **shares}])


def one_proxy(data: Data) -> pd.DataFrame:
    """Return what each proxy alone adds to the encoding."""
    base = float(np.mean(rhos(data, data.encoding, FEW, ABLATION_TRIALS)))
    rows = [
        {
            "benchmark": data.study.key,
            "proxy": name,
            "spearman": (
                value := float(np.mean(rhos(data, data.features(name), FEW, ABLATION_TRIALS)))
            ),
            "gain": value - base,
            "relative gain": value / base - 1,
        }
        for name in data.names
    ]
    return pd.DataFrame(rows).sort_values("gain", ascending=False)


def growing(data: Data) -> pd.DataFrame:
    """Return rho of the first k proxies of the greedy order of section 4.2."""
    names = informative(data.study, data.architectures)
    matrix = data.study.matrix(data.architectures, names)
    bins = entropy.number_of_bins(len(data))
    codes = [entropy.discretise(column, bins, "percentile") for column in matrix.T]
    order = entropy.greedy(codes, entropy.discretise(data.accuracy, bins, "percentile"))
    clipped = np.clip(matrix, -1e30, 1e30)
    rows = [
        {
            "benchmark": data.study.key,
            "k": k,
            "added": names[order[k - 1]],
            "spearman": float(np.mean(rhos(data, clipped[:, order[:k]], FEW, ABLATION_TRIALS))),
        }
        for k in range(1, len(order) + 1)
    ]
    return pd.DataFrame(rows)


def _draw(result: Result, table: pd.DataFrame) -> None:
    few = table[table["training"] == FEW]
    grid = few.pivot_table(index="benchmark", columns="features", values="spearman")
    result.drawings.append(
        Drawing(
            "rho",
            "XGBoost trained on 100 architectures",
            "Bars of Spearman's rho of XGBoost's predictions with encoding, proxies (zc) and both, "
            "per benchmark.",
            figures.bars(grid[list(FEATURES)], "Spearman's rho"),
        )
    )
    numbers = result.table("number")
    lines = {
        str(key): (group["k"].tolist(), group["spearman"].tolist())
        for key, group in numbers.groupby("benchmark", sort=False)
    }
    result.drawings.append(
        Drawing(
            "number",
            "Number of proxies",
            "Spearman's rho of XGBoost on the first k proxies of the greedy order, per benchmark.",
            figures.curves(lines, ("number of proxies", "Spearman's rho")),
        )
    )


def _compare_with_paper(result: Result, table: pd.DataFrame) -> None:
    for train, name in ((FEW, "table 9"), (MANY, "table 10")):
        both = table[table["training"] == train].dropna(subset=["paper"])
        if both.empty:
            continue
        (within,) = shares_within((both["spearman"] - both["paper"]).tolist(), (0.04,))
        bound = within >= 0.75 if train == FEW else None
        says = "≥ 75 %" if train == FEW else "no bound: fewer architectures than the paper"
        result.checks.append(
            Check(f"{name}, {len(both)} figures: within .04", says, f"{within:.0%}", bound)
        )
    gain = table[
        (table["training"] == FEW)
        & (table["benchmark"] == "nasbench201_cifar100")
        & (table["features"] == "both")
    ]["gain over the encoding"]
    if len(gain):
        ours = float(gain.iloc[0])
        result.checks.append(
            Check("NAS-Bench-201 CIFAR-100: gain of both", "0.268; ≥ .22", f"{ours:.3f}",
                  ours >= 0.22)
        )  # fmt: skip


def _jacov(result: Result) -> None:
    ablation = result.table("one_proxy")
    jacov = ablation[ablation["proxy"] == "jacov"]
    if len(jacov):
        best = jacov.iloc[int(jacov["relative gain"].to_numpy().argmax())]
        median = float(jacov["relative gain"].median())
        result.checks.append(
            Check(
                "jacov alone, added to the encoding (White et al.: up to 20 %)",
                "up to +20 %",
                f"median {median:+.0%}, most {best['relative gain']:+.0%} ({best['benchmark']})",
            )
        )
