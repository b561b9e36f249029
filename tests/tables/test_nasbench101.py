import gzip

import pytest

from zcnas.benchmarks import get_benchmark
from zcnas.errors import TableError
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec
from zcnas.tables import load_table
from zcnas.tables.nasbench101 import FILE

HEADER = "hash,n_vertices,adjacency_rowmajor,ops,trainable_parameters,val_acc_108\n"
ROW = '{hash},2,0100,"input,output",882570,0.835\n'
BENCHMARK = get_benchmark("nasbench101_cifar10")


def _write(folder, text):
    (folder / FILE).write_bytes(gzip.compress(text.encode()))


@pytest.mark.real_table
def test_all_rows_of_the_export_carry_the_hash_of_their_cell(data_folder):
    table = load_table(BENCHMARK, "nasbench101", data_folder)
    assert len(table.accuracies) == 16_001
    # CIFAR-10 has ten classes: chance is 10 %.
    assert all(9 < value < 100 for value in table.means().values())


def test_accuracies_become_percent(tmp_path):
    _write(
        tmp_path,
        HEADER + ROW.format(hash=NasBench101Spec.parse("01/00:input,output").module_hash()),
    )
    table = load_table(BENCHMARK, "nasbench101", tmp_path)
    assert table.accuracies == {"01/00:input,output": (83.5,)}


def test_a_row_with_another_cells_hash_is_refused(tmp_path):
    _write(tmp_path, HEADER + ROW.format(hash="0" * 32))
    with pytest.raises(TableError, match=r"the hash of 01/00:input,output is .*, not 000"):
        load_table(BENCHMARK, "nasbench101", tmp_path)


def test_a_file_that_is_not_compressed_is_refused(tmp_path):
    (tmp_path / FILE).write_text(HEADER)
    with pytest.raises(TableError, match=r"is not an export of NAS-Bench-101"):
        load_table(BENCHMARK, "nasbench101", tmp_path)


@pytest.mark.parametrize("text", ["a,b\n1,2\n", HEADER + "x,two,0100,input,1,0.5\n"])
def test_another_form_is_refused(tmp_path, text):
    _write(tmp_path, text)
    with pytest.raises(TableError, match=r"is not an export of NAS-Bench-101"):
        load_table(BENCHMARK, "nasbench101", tmp_path)


def test_an_empty_table_is_refused(tmp_path):
    _write(tmp_path, HEADER)
    with pytest.raises(TableError, match=r"has no architectures for nasbench101_cifar10"):
        load_table(BENCHMARK, "nasbench101", tmp_path)


def test_a_cell_outside_the_space_is_refused(tmp_path):
    _write(tmp_path, HEADER + 'x,2,0100,"input,pool",1,0.5\n')
    with pytest.raises(TableError, match=r"is for another search space"):
        load_table(BENCHMARK, "nasbench101", tmp_path)


def test_a_missing_file_is_named_with_its_publisher(tmp_path):
    with pytest.raises(TableError, match=rf"{FILE}.*nasbench-vis.*put it there"):
        load_table(BENCHMARK, "nasbench101", tmp_path)


def test_another_benchmark_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"nasbench101 does not cover nasbench201_cifar10"):
        load_table(get_benchmark("nasbench201_cifar10"), "nasbench101", tmp_path)


def test_a_cell_that_occurs_twice_is_refused(tmp_path):
    row = ROW.format(hash=NasBench101Spec.parse("01/00:input,output").module_hash())
    _write(tmp_path, HEADER + row + row)
    with pytest.raises(TableError, match=r"the cell 01/00:input,output .* occurs twice"):
        load_table(BENCHMARK, "nasbench101", tmp_path)


@pytest.mark.real_table
def test_the_export_is_a_uniform_sample_of_cells(data_folder):
    table = load_table(BENCHMARK, "nasbench101", data_folder)
    sizes = [len(NasBench101Spec.parse(text).ops) for text in table.accuracies]
    # Of 423,624 cells 359,082 have seven vertices and 62,010 six (Ying et al., 2019, and the count
    # of our enumeration); the standard deviation of a share of 16,001 draws is below 0.003.
    assert sizes.count(7) / len(sizes) == pytest.approx(359_082 / 423_624, abs=0.01)
    assert sizes.count(6) / len(sizes) == pytest.approx(62_010 / 423_624, abs=0.01)
