"""A table whose rows cannot all be percentages stops a draw, with the file and the row."""

import json

import pytest

from zcnas.benchmarks import BENCHMARKS
from zcnas.errors import TableError
from zcnas.tables import load_table

ROWS = ("(0, 1, 2, 3, 4, 0)", "(1, 1, 2, 3, 4, 0)")


def draw(tmp_path, *values, dataset="cifar10"):
    rows = {row: {"val_accuracy": value} for row, value in zip(ROWS, values, strict=True)}
    (tmp_path / "zc_nasbench201.json").write_text(json.dumps({dataset: rows}))
    key = f"nasbench201_{dataset.lower().replace('-', '_')}"
    return load_table(BENCHMARKS[key], "nas_bench_suite_zero", tmp_path)


@pytest.mark.parametrize("value", [0.8817, 912.3, -5, 1e308, -1e-9, 100.001])
def test_what_is_no_percentage_is_refused_with_file_and_row(tmp_path, value):
    with pytest.raises(TableError, match=r"zc_nasbench201\.json.*\|.*no percentages: .*0 to 100"):
        draw(tmp_path, 88.1, value)


@pytest.mark.parametrize("value", [True, "91.2", None, [91.2]])
def test_what_is_no_number_is_refused(tmp_path, value):
    with pytest.raises(
        TableError, match=r"zc_nasbench201\.json.*val_accuracy is .* is not a number"
    ):
        draw(tmp_path, 88.1, value)


@pytest.mark.parametrize(
    ("dataset", "worst"), [("cifar10", 10.0), ("cifar100", 0.9999), ("ImageNet16-120", 0.2667)]
)
def test_the_published_tables_worst_rows_are_percentages(tmp_path, dataset, worst):
    values = draw(tmp_path, 47.3, worst, dataset=dataset).accuracies.values()
    assert sorted(values) == [(worst,), (47.3,)]
