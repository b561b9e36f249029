import base64
import json
import struct

import pytest

from zcnas.benchmarks import get_benchmark
from zcnas.errors import TableError
from zcnas.search_spaces.nasbench101.spec import NasBench101Spec
from zcnas.tables import load_table
from zcnas.tables.nasbench101_tfrecord import FILE, final_validation_accuracy

BENCHMARK = get_benchmark("nasbench101_cifar10")
SOURCE = "nasbench101_tfrecord"
CELL = NasBench101Spec.parse("010/001/000:input,maxpool3x3,output")


def _double(field, value):
    """A float64 field as the protocol buffers encoding guide writes it: key, eight bytes."""
    return bytes([field << 3 | 1]) + struct.pack("<d", value)


def _metrics(*validation):
    """A ModelMetrics message with one evaluation per value, parameters and a total time."""
    message = b""
    for epoch, value in enumerate(validation):
        evaluation = _double(1, epoch) + _double(2, 1.5) + _double(3, 0.99) + _double(4, value)
        evaluation += _double(5, 0.01) + b"\x32\x04ckpt"  # 6: the name of a checkpoint
        message += bytes([1 << 3 | 2, len(evaluation)]) + evaluation
    # 2: 150 as a varint is 96 01, the guide's own example.
    return message + b"\x10\x96\x01" + _double(3, 99.0)


def _row(epochs, *validation, cell=CELL, module_hash=None):
    adjacency = "".join(str(entry) for row in cell.matrix for entry in row)
    metrics = base64.b64encode(_metrics(*validation)).decode()
    row = [module_hash or cell.module_hash(), epochs, adjacency, ",".join(cell.ops), metrics]
    return json.dumps(row).encode()


def _write(folder, *rows):
    framed = (struct.pack("<Q", len(row)) + b"\0" * 4 + row + b"\0" * 4 for row in rows)
    (folder / FILE).write_bytes(b"".join(framed))


def test_the_end_of_every_108_epoch_training_is_read(tmp_path):
    other = NasBench101Spec.parse("01/00:input,output")
    _write(
        tmp_path,
        _row(108, 0.1, 0.5, 0.75),
        _row(36, 0.1, 0.2, 0.3),
        _row(108, 0.1, 0.5, 0.875, cell=other),
        _row(108, 0.1, 0.5, 0.5),
    )
    table = load_table(BENCHMARK, SOURCE, tmp_path)
    assert table.accuracies == {str(CELL): (75.0, 50.0), str(other): (87.5,)}


def test_a_message_is_read_by_field_number_whatever_else_it_holds():
    assert final_validation_accuracy(_metrics(0.1, 0.2, 0.9375)) == 0.9375


@pytest.mark.parametrize("message", [b"", _metrics(), b"\x0a\x00", b"\x0b"])
def test_a_message_without_a_validation_accuracy_is_refused(message):
    with pytest.raises(ValueError, match=r"no validation accuracy|unknown wire type 3"):
        final_validation_accuracy(message)


def test_a_cell_with_anothers_hash_is_refused(tmp_path):
    _write(tmp_path, _row(108, 0.5, module_hash="0" * 32))
    with pytest.raises(TableError, match=r"the hash of 010/001/000.* is .*, not 000"):
        load_table(BENCHMARK, SOURCE, tmp_path)


@pytest.mark.parametrize(
    "content", [b"x", struct.pack("<QI", 99, 0), struct.pack("<QIII", 4, 0, 0, 0)]
)
def test_another_form_is_refused(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(TableError, match=r"is not the TFRecord file of NAS-Bench-101"):
        load_table(BENCHMARK, SOURCE, tmp_path)


def test_a_file_without_the_108_epochs_is_refused(tmp_path):
    _write(tmp_path, _row(36, 0.5))
    with pytest.raises(TableError, match=r"has no architectures for nasbench101_cifar10"):
        load_table(BENCHMARK, SOURCE, tmp_path)


def test_a_missing_file_is_named_with_its_publisher(tmp_path):
    with pytest.raises(TableError, match=rf"{FILE}.*google-research/nasbench.*put it there"):
        load_table(BENCHMARK, SOURCE, tmp_path)


def test_another_benchmark_is_refused(tmp_path):
    with pytest.raises(TableError, match=r"does not cover nasbench201_cifar10"):
        load_table(get_benchmark("nasbench201_cifar10"), SOURCE, tmp_path)
