import numpy as np
import pytest

from zcnas.analyses import run
from zcnas.analyses.study import load_study
from zcnas.analyses.surrogate import Data, compare, importance, predict
from zcnas.benchmarks import get_benchmark
from zcnas.search_spaces.nasbench201.spec import NasBench201Spec


@pytest.fixture
def folder(tmp_path, write_table):
    """Accuracies that one proxy gives away and the encoding does not."""
    cells = [cell for cell in NasBench201Spec.enumerate() if cell.ops[3] != "none"][:300]
    rng = np.random.default_rng(0)
    accuracy = 60 + 10 * rng.uniform(-1, 1, size=300)
    scores = {"zen": accuracy.tolist(), "snip": rng.normal(size=300).tolist()}
    return write_table(tmp_path, cells, accuracy.tolist(), scores)


def test_what_one_proxy_gives_away_is_learnt_and_named(folder, benchmark):
    data = Data(load_study(benchmark, folder))
    table = compare(data, 100).set_index("features")
    assert abs(table.loc["encoding", "spearman"]) < 0.2
    assert table.loc["zc", "spearman"] > 0.95
    assert table.loc["both", "spearman"] > 0.9
    shares = importance(data).iloc[0]
    assert shares["zen"] + shares["snip"] == pytest.approx(1)


def test_training_and_test_architectures_are_apart(folder, benchmark):
    data = Data(load_study(benchmark, folder))
    for fitted, tested in data.splits(100):
        assert len(fitted) == 100
        assert not set(fitted) & set(tested)


def test_missing_scores_and_infinities_are_learnt_from():
    features = np.array([[np.nan], [1.0], [2.0], [1e30]] * 20)
    accuracy = np.array([0.0, 1.0, 2.0, 3.0] * 20)
    places = np.arange(80)
    predictions = predict(features, accuracy, places[:60], places[60:])
    assert np.argsort(predictions[:4]).tolist() == [0, 1, 2, 3]


@pytest.mark.real_table
def test_table_9_is_near_on_nasbench201_cifar100(data_folder):
    study = load_study(get_benchmark("nasbench201_cifar100"), data_folder)
    table = compare(Data(study), 100)
    assert (table["spearman"] - table["paper"]).abs().max() <= 0.04
    assert table["gain over the encoding"].iloc[-1] >= 0.22


def test_a_benchmark_with_too_few_architectures_has_no_table(
    tmp_path, benchmark, cells, write_table
):
    write_table(tmp_path, cells, list(range(40)), {"snip": list(range(40))})
    assert run("surrogate", [benchmark], tmp_path).tables == []
