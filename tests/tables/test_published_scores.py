import json

import numpy as np
import pytest

import zcnas
from zcnas.benchmarks import BENCHMARKS, get_benchmark
from zcnas.errors import TableError
from zcnas.tables.published_scores import PROXIES, load_scores

CIFAR10 = get_benchmark("nasbench201_cifar10")
CELL = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+"
    + "|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)


def write(folder, rows, space="nasbench201", dataset="cifar10"):
    (folder / f"zc_{space}.json").write_text(json.dumps({dataset: rows}))


@pytest.mark.parametrize("sentinel", [-1e8, 1e8, -1e9, 1e9, float("nan"), None])
def test_naslibs_sentinels_are_failures(tmp_path, sentinel):
    write(tmp_path, {"(2,2,2,2,2,2)": {"val_accuracy": 90.0, "zen": {"score": sentinel}}})
    assert load_scores(CIFAR10, tmp_path).scores == {"zen": {CELL: None}}
    frame = zcnas.scores(CIFAR10, folder=tmp_path)
    assert np.isnan(frame.loc[CELL, "zen"])


def test_an_infinity_is_a_score_and_a_missing_proxy_has_no_column(tmp_path):
    row = {
        "val_accuracy": 90.0,
        "synflow": {"score": float("-inf")},
        "snip": {"score": 2, "time": 0.5},
    }
    write(tmp_path, {"(2,2,2,2,2,2)": row})
    frame = zcnas.scores("nasbench201_cifar10", folder=tmp_path)
    assert list(frame.columns) == ["accuracy", "snip", "synflow", "seconds.snip"]
    assert frame.loc[CELL].tolist() == [90.0, 2.0, -np.inf, 0.5]


def test_two_drawings_of_a_nasbench101_cell_are_one_row_with_a_count(tmp_path):
    # Input 0 feeds both 1 and 2, which both feed the output 3; their operations are swapped.
    matrix = "0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0"
    drawings = {
        f"({matrix}, 0, 3, 4, 1)": {"val_accuracy": 91.0, "snip": {"score": 1.0}},
        f"({matrix}, 0, 4, 3, 1)": {"val_accuracy": 93.0, "snip": {"score": 3.0}},
    }
    write(tmp_path, drawings, "nasbench101")
    benchmark = get_benchmark("nasbench101_cifar10")
    published = load_scores(benchmark, tmp_path)
    (column,) = published.scores.values()
    assert list(column.values()) == [2.0]
    assert published.merged_rows == 1
    table = zcnas.load_table(benchmark, "nas_bench_suite_zero", tmp_path)
    assert list(table.accuracies.values()) == [(91.0, 93.0)]
    assert table.merged_rows == 1


def test_a_key_that_occurs_twice_is_refused(tmp_path):
    row = '"(2,2,2,2,2,2)": {"val_accuracy": 90.0}'
    (tmp_path / "zc_nasbench201.json").write_text(f'{{"cifar10": {{{row}, {row}}}}}')
    with pytest.raises(TableError, match=r"duplicate key '\(2,2,2,2,2,2\)'.*get it from"):
        zcnas.load_table(CIFAR10, "nas_bench_suite_zero", tmp_path)


def test_a_benchmark_with_accuracies_alone_is_refused(tmp_path):
    write(tmp_path, {"(2,2,2,2,2,2)": {"val_accuracy": 90.0}})
    with pytest.raises(TableError, match=r"has accuracies of nasbench201_cifar10 but no proxy's"):
        load_scores(CIFAR10, tmp_path)


@pytest.mark.parametrize("score", ['"high"', "[]", "{}"])
def test_a_score_that_is_not_a_number_is_refused(tmp_path, score):
    row = f'{{"val_accuracy": 90.0, "zen": {{"score": {score}}}}}'
    (tmp_path / "zc_nasbench201.json").write_text(f'{{"cifar10": {{"(2,2,2,2,2,2)": {row}}}}}')
    with pytest.raises(TableError, match=r"is not a NAS-Bench-Suite-Zero table"):
        load_scores(CIFAR10, tmp_path)


def test_an_unknown_source_names_the_known_ones():
    with pytest.raises(TableError, match=r"unknown source 'theirs'; sources: published, ours"):
        zcnas.scores("nasbench201_cifar10", "theirs")


def test_our_scores_are_a_frame_too():
    frame = zcnas.scores("nasbench201_cifar10", "ours", folder=None)
    assert {*PROXIES, "seconds"} <= set(frame.columns)
    assert len(frame) >= 1104
    assert frame.index.name == "architecture"


@pytest.mark.real_table
@pytest.mark.parametrize("key", BENCHMARKS)
def test_every_benchmark_has_published_scores_without_sentinels(data_folder, key):
    frame = zcnas.scores(key, folder=data_folder)
    assert len(frame) > 100
    assert frame["accuracy"].notna().all()
    columns = frame.drop(columns="accuracy")
    assert set(columns) <= set(PROXIES)
    assert len(columns.columns) >= 11
    assert not (columns.abs() == 1e8).any(axis=None)
    assert not (columns.abs() == 1e9).any(axis=None)


@pytest.mark.real_table
def test_the_400_rows_of_nasbench101_are_244_cells(data_folder):
    table = zcnas.load_table(
        get_benchmark("nasbench101_cifar10"), "nas_bench_suite_zero", data_folder
    )
    assert (len(table.accuracies), table.merged_rows) == (244, 156)
