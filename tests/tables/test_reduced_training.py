"""Accuracies after a few epochs, as the two publications that have them write them."""

import bz2
import gzip
import pickle

import pytest

from zcnas.benchmarks import get_benchmark
from zcnas.errors import TableError
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec
from zcnas.tables.nasbench101 import FILE
from zcnas.tables.nats_bench import ARCHIVE
from zcnas.tables.reduced_training import EPOCH_S, load_reduced

CELL_101 = "01/00:input,output"
CELL_201 = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def test_the_export_of_nasbench101_has_three(tmp_path):
    digest = NasBench101Spec.parse(CELL_101).module_hash()
    text = (
        "hash,n_vertices,adjacency_rowmajor,ops,val_acc_4,val_acc_12,val_acc_36,val_acc_108\n"
        f'{digest},2,0100,"input,output",0.25,0.5,0.75,0.875\n'
    )
    (tmp_path / FILE).write_bytes(gzip.compress(text.encode()))
    found = load_reduced(get_benchmark("nasbench101_cifar10"), tmp_path)
    assert [each.name for each in found] == ["epochs_4", "epochs_12", "epochs_36"]
    assert [each.accuracies[CELL_101] for each in found] == [25, 50, 75]
    assert [each.full_accuracies[CELL_101] for each in found] == [87.5] * 3
    assert [each.seconds[CELL_101] / EPOCH_S for each in found] == [4, 12, 36]


def test_nats_bench_has_one_with_the_seconds_of_its_training(tmp_path):
    def run(epochs, value):
        return {
            "eval_acc1es": {f"x-valid@{epochs - 1}": value},
            "train_times": dict.fromkeys(range(epochs), 2.0),
        }

    record = {
        "12": {"arch_str": CELL_201, "all_results": {("cifar100", 111): run(12, 40.0)}},
        "200": {
            "arch_str": CELL_201,
            "all_results": {("cifar100", 777): run(200, 70.0), ("cifar100", 888): run(200, 71.0)},
        },
    }
    (tmp_path / ARCHIVE).mkdir()
    path = tmp_path / ARCHIVE / f"{ARCHIVE}_000000.pickle.pbz2"
    path.write_bytes(bz2.compress(pickle.dumps(record)))
    (found,) = load_reduced(get_benchmark("nasbench201_cifar100"), tmp_path)
    assert (found.epochs, found.full) == (12, 200)
    assert found.accuracies == {CELL_201: 40.0}
    assert found.full_accuracies == {CELL_201: 70.5}
    assert found.seconds == {CELL_201: 24.0}


@pytest.mark.real_table
def test_official_files_have_twelve_epochs_beside_two_hundred(data_folder, tmp_path):
    (tmp_path / ARCHIVE).symlink_to(data_folder / "nats_bench_format_sample")
    (found,) = load_reduced(get_benchmark("nasbench201_cifar10"), tmp_path)
    assert len(found.accuracies) == 3
    assert all(10 < seconds < 1000 for seconds in found.seconds.values())


def test_other_benchmarks_have_none_and_a_missing_table_is_said(tmp_path):
    assert load_reduced(get_benchmark("transbench101_micro_jigsaw"), tmp_path) == ()
    with pytest.raises(TableError, match=FILE):
        load_reduced(get_benchmark("nasbench101_cifar10"), tmp_path)
