import numpy as np
import pandas as pd
import pytest
import scipy.stats

from zcnas.analyses import available, run
from zcnas.analyses.features import is_connected
from zcnas.analyses.profiles import average_ranks, suboptimality
from zcnas.analyses.similarity import figure_correlations
from zcnas.analyses.study import load_study, sampling_weights
from zcnas.analyses.top import best_ranking
from zcnas.errors import AnalysisError
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec

NOISE = np.random.default_rng(5).normal(size=40)


@pytest.fixture
def folder(tmp_path, cells, write_table):
    accuracies = np.arange(40) / 4 + 60
    scores = {
        "synflow": (-np.exp(accuracies / 50)).tolist(),
        "snip": NOISE.tolist(),
        "epe_nas": [-1e8] * 40,
        "zen": [-1e8, *range(1, 40)],
    }
    write_table(tmp_path, cells, accuracies.tolist(), scores)
    return write_table(tmp_path, cells, NOISE.tolist(), {"snip": NOISE.tolist()}, "svhn")


def test_correlations_are_scipys_and_failures_rank_below_every_score(folder, benchmark):
    result = run("generalisation", [benchmark], folder)
    table = result.table("correlations").set_index("proxy")
    assert table.loc["synflow", ["spearman", "kendall"]].tolist() == pytest.approx([-1, -1])
    rho = scipy.stats.spearmanr(NOISE, np.arange(40)).statistic
    assert table.loc["snip", "spearman"] == pytest.approx(rho)
    assert table.loc["snip", "spearman_low"] < rho < table.loc["snip", "spearman_high"]
    # The first architecture is the worst and its zen failed: the order is perfect.
    assert table.loc["zen", ["spearman", "failures"]].tolist() == pytest.approx([1, 1])
    assert table.loc["epe_nas", "failures"] == 40
    assert np.isnan(table.loc["epe_nas", "spearman"])


def test_your_own_column_stands_beside_the_proxies(folder, benchmark, cells, tmp_path):
    path = tmp_path / "mine.csv"
    lines = [f"{cell},{place}" for place, cell in enumerate(cells)]
    path.write_text("\n".join(["architecture,mine", *lines]) + "\n")
    result = run("generalisation", [benchmark], folder, path)
    table = result.table("correlations").set_index("proxy")
    assert table.loc["mine", "spearman"] == pytest.approx(1)
    assert result.table("average_ranks").set_index("proxy").loc["mine", "overall"] == 1.5
    top = result.table("top_k").set_index("proxy")
    assert top.loc["mine", ["precision@5", "best_ranking@5"]].tolist() == pytest.approx([1, 1 / 40])
    searched = top.loc["mine", ["best of top 10", "regret@10", "ndcg@10%"]].tolist()
    assert searched == pytest.approx([60 + 39 / 4, 0, 1])


def test_best_ranking_is_the_place_of_the_best_among_the_highest_scores(folder, benchmark):
    column = load_study(benchmark, folder).column("snip")
    best = column.accuracy[np.argsort(-column.scores)[:5]].max()
    # Accuracies are 60, 60.25, … up to the 40th: the place from above follows from the value.
    assert best_ranking(column, 5) == pytest.approx((40 - (best - 60) * 4) / 40)


def test_ranks_and_profiles_of_three_proxies_worked_by_hand():
    grid = pd.DataFrame(
        {"nasbench201_cifar10": [0.5, 0.2, 0.2], "nasbench301_svhn": [-1.0, 0.0, np.nan]},
        index=["a", "b", "c"],
    )
    ranks = average_ranks(grid).set_index("proxy")
    assert ranks.loc["b", "overall"] == pytest.approx((2.5 + 1) / 2)
    assert ranks.loc["c", "NAS-Bench-301"] != ranks.loc["c", "NAS-Bench-301"]
    ratio = suboptimality(grid, "ratio")
    assert ratio["nasbench201_cifar10"].tolist() == pytest.approx([1, 1.6, 1.6])
    difference = suboptimality(grid, "difference")
    assert difference["nasbench301_svhn"].tolist() == pytest.approx([1, 0, np.nan], nan_ok=True)


def test_beside_a_perfect_proxy_every_other_is_infinitely_suboptimal():
    grid = pd.DataFrame({"nasbench201_cifar10": [1.0, 0.5]}, index=["a", "b"])
    assert suboptimality(grid, "ratio")["nasbench201_cifar10"].tolist() == [1, np.inf]


def test_weights_bring_a_sample_back_to_its_space():
    # Of 15,625 cells 341 are disconnected; the sample has one of each kind.
    weights = sampling_weights("nasbench201", [True, False])
    assert weights[1] / weights[0] == pytest.approx(341 / (15_625 - 341))
    assert weights.mean() == pytest.approx(1)
    assert sampling_weights("nasbench301", [None, None]).tolist() == [1, 1]


def test_341_cells_of_nasbench201_are_disconnected():
    assert sum(not is_connected(cell) for cell in NasBench201Spec.enumerate()) == 341


def test_figures_7_and_10_are_correlations_of_figure_6():
    found = figure_correlations()
    count, share, largest = found["figure 10"]
    assert (count, share) == (36, 1)
    assert largest < 0.01
    count, share, largest = found["figure 7"]
    assert count == 81
    assert share > 0.9
    assert largest < 0.04


def test_a_folder_without_tables_says_where_they_come_from(tmp_path):
    with pytest.raises(AnalysisError, match=r"set ZCNAS_DATA to the folder that holds zc_<search"):
        available(tmp_path)


@pytest.mark.real_table
def test_figure_6_is_near_on_nasbench301(data_folder):
    keys = [b for b in available(data_folder) if b.search_space == "nasbench301"]
    table = run("generalisation", keys, data_folder).table("correlations")
    difference = (table["spearman"] - table["paper"]).abs()
    assert len(difference.dropna()) == 51
    assert difference.median() <= 0.08
    cifar10 = table["benchmark"] == "nasbench301_cifar10"
    assert difference[cifar10].median() <= 0.05
