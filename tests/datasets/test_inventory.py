from pathlib import Path

import pytest

from zcnas.datasets.inventory import inventory
from zcnas.phases import load_phases

PHASES = load_phases(Path(__file__).resolve().parents[2] / "reference_data" / "phases.toml")
TABLES = ["nasbench101_16001.csv.gz"] + [f"zc_{space}.json" for space in (
    "nasbench201", "nasbench301", "transbench101_micro", "transbench101_macro",
)]  # fmt: skip


def test_the_full_phase_needs_five_tables_and_the_images_of_seven_publishers():
    items = inventory(PHASES["full"], None)
    tables = [item for item in items if item.required]
    assert sorted(name for item in tables for name in item.files) == sorted(TABLES)
    assert sorted(key for item in tables for key in item.benchmarks) == sorted(
        PHASES["full"].benchmarks
    )
    images = [item for item in items if not item.required]
    assert len(images) == 7
    assert sorted(key for item in images for key in item.benchmarks) == sorted(
        PHASES["full"].benchmarks
    )
    assert all(item.missing == item.files for item in items)


def test_what_is_there_is_not_missing(tmp_path):
    for name in ("zc_nasbench201.json", "svhn/train_32x32.mat", "ninapro/label_train.npy"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    missing = {item.what: item.missing for item in inventory(PHASES["development"], tmp_path)}
    assert missing["accuracies of nasbench201 (nas_bench_suite_zero)"] == ()
    assert missing["accuracies of nasbench301 (nas_bench_suite_zero)"] == ("zc_nasbench301.json",)
    assert missing["images of SVHN"] == ()
    assert missing["images of Ninapro DB5 (NAS-Bench-360)"] == ("ninapro/ninapro_train.npy",)
    assert missing["images of Spherical CIFAR-100 (NAS-Bench-360)"] == ("spherical/s2_cifar100.gz",)


def test_the_practice_phase_requires_nothing_of_the_data_folder():
    assert not any(item.required for item in inventory(PHASES["practice"], None))


@pytest.mark.parametrize("name", PHASES)
def test_every_benchmark_of_a_phase_has_a_table_and_a_source_of_images(name):
    items = inventory(PHASES[name], None)
    for key in PHASES[name].benchmarks:
        assert sum(key in item.benchmarks for item in items) == 2, key
        assert all(item.advice for item in items)
