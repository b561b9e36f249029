"""Reduced trainings beside proxies, on trainings whose order is known."""

import bz2
import pickle

import pytest

from zcnas.analyses import run
from zcnas.tables.nats_bench import ARCHIVE


def write_archive(folder, cells, short, full):
    (folder / ARCHIVE).mkdir()
    for number, (cell, *values) in enumerate(zip(cells, short, full, strict=True)):
        record = {
            str(epochs): {
                "arch_str": str(cell),
                "all_results": {
                    ("cifar10-valid", 1): {
                        "eval_acc1es": {f"x-valid@{epochs - 1}": value},
                        "train_times": {0: 30.0},
                    }
                },
            }
            for epochs, value in zip((12, 200), values, strict=True)
        }
        path = folder / ARCHIVE / f"{ARCHIVE}_{number:06d}.pickle.pbz2"
        path.write_bytes(bz2.compress(pickle.dumps(record)))


def test_a_few_epochs_stand_beside_proxies_with_their_cost(benchmark, cells, write_table, tmp_path):
    count = range(len(cells))
    folder = write_table(tmp_path, cells, [50.0 + n for n in count], {"plain": [*count]})
    write_archive(folder, cells, [90.0 - n for n in count], [50.0 + n for n in count])
    result = run("reduced-training", [benchmark], folder)
    first, second = result.table("costs").to_dict(orient="records")
    assert (first["proxy"], first["of"], first["architectures"]) == ("epochs_12", 200, 40)
    assert (first["spearman"], first["seconds"]) == (pytest.approx(-1), 30)
    assert (second["proxy"], second["spearman"]) == ("plain", pytest.approx(1))
    assert "epochs_12 of 200 orders 40 architectures with rho -1.000" in result.findings[0]


def test_where_no_table_has_them_the_page_says_so(benchmark, cells, write_table, tmp_path):
    count = range(len(cells))
    folder = write_table(tmp_path, cells, [50.0 + n for n in count], {"plain": [*count]})
    result = run("reduced-training", [benchmark], folder)
    assert result.table("costs").empty
    assert result.findings == ["no table of these benchmarks has reduced trainings"]
