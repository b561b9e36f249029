import collections
import pickle
from pathlib import Path

import pytest

from zcnas.errors import TableError
from zcnas.tables.table import Table, folder_of_tables, load_table_pickle, read_bytes


def _table(accuracies):
    return Table("nasbench201_cifar10", accuracies, "validation accuracy", "percent", "x", "1", "0")


def test_mean_is_the_arithmetic_mean_over_the_seeds():
    table = _table({"a": (90.0, 91.0, 95.0), "b": (10.0,)})
    assert table.mean("a") == 92.0
    assert table.means() == {"a": 92.0, "b": 10.0}


def test_mean_of_an_architecture_the_table_lacks_names_it_and_an_example():
    with pytest.raises(TableError, match="does not contain 'c'; it has 2 others, such as 'a'"):
        _table({"a": (11.0,), "b": (11.0,)}).mean("c")


def test_an_empty_table_is_refused():
    with pytest.raises(TableError, match="has no architectures for nasbench201_cifar10"):
        _table({})


@pytest.mark.parametrize("values", [(), (float("nan"),), (1.0, float("inf"))])
def test_an_architecture_without_a_finite_value_is_refused(values):
    with pytest.raises(TableError, match="expected one or more finite numbers"):
        _table({"a": values})


def test_a_missing_file_names_itself_its_publisher_and_its_place(tmp_path):
    path = tmp_path / "accuracies.json"
    with pytest.raises(TableError) as caught:
        read_bytes(path, "the moon")
    assert str(caught.value) == (
        f"the accuracy table '{path}' cannot be read (No such file or directory); "
        "get accuracies.json from the moon and put it there"
    )


def test_the_checksum_is_of_the_bytes_read(tmp_path):
    path = tmp_path / "abc"
    path.write_bytes(b"abc")
    # FIPS 180-2, appendix B.1: the digest of "abc".
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert read_bytes(path, "anywhere") == (b"abc", digest)


def test_a_folder_must_be_named():
    with pytest.raises(TableError, match="set ZCNAS_DATA to the folder that contains it"):
        folder_of_tables(None, "zc_nasbench101.json")


def test_plain_data_is_unpickled():
    data = {"421211": {"val_acc": [82.1, 81.6], "none": None, "set": {1}, "t": (1, b"x")}}
    assert load_table_pickle(pickle.dumps(data), Path("x.pkl")) == data


@pytest.mark.parametrize("value", [Path("/tmp"), collections.OrderedDict(a=1), print])
def test_a_pickle_that_names_a_class_or_function_is_refused(value):
    with pytest.raises(TableError, match=r"not a pickle of plain data \(it names "):
        load_table_pickle(pickle.dumps(value), Path("x.pkl"))


def test_a_refused_pickle_runs_nothing(tmp_path):
    witness = tmp_path / "witness"

    class Bomb:
        def __reduce__(self):
            return (Path.touch, (witness,))

    with pytest.raises(TableError):
        load_table_pickle(pickle.dumps(Bomb()), Path("x.pkl"))
    assert not witness.exists()


@pytest.mark.parametrize("content", [b"", b"\x80", b"no pickle", pickle.dumps([1.5] * 9)[:-3]])
def test_damaged_bytes_are_a_table_error(content):
    with pytest.raises(TableError, match=r"'x\.pkl' is not a pickle of plain data"):
        load_table_pickle(content, Path("x.pkl"))
