import math
import sys

import numpy as np
import pytest
import torch

from zcnas.worker.contract import InvalidScoreError, load_predictor, query_caller, to_score


@pytest.fixture(autouse=True)
def _restore_imports():
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (3, 3.0),
        (2.5, 2.5),
        (np.float32(0.5), 0.5),
        (np.int64(4), 4.0),
        (np.longdouble(2), 2.0),
        (np.array([7.0]), 7.0),
        (np.array([[7]]), 7.0),
        (torch.tensor(1.5, requires_grad=True), 1.5),
        (torch.tensor([[2]]), 2.0),
        (math.inf, math.inf),
        (torch.tensor(-math.inf), -math.inf),
    ],
)
def test_every_number_of_the_contract_is_a_score(value, expected):
    assert to_score(value) == expected


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "returned NoneType None"),
        ("0.5", "returned str '0.5'"),
        (True, "returned bool True"),
        (torch.tensor(True), "returned bool True"),
        (np.bool_(False), "returned bool False"),
        (1 + 2j, "returned complex"),
        (torch.tensor(1j), "returned complex"),
        ([1.0], "returned list"),
        (torch.tensor([1.0, 2.0]), "Tensor of shape \\(2,\\)"),
        (np.array([]), "ndarray of shape \\(0,\\)"),
        (math.nan, "NaN"),
        (torch.tensor(math.nan), "NaN"),
        (10**400, "too large for a float"),
    ],
)
def test_anything_else_is_invalid_and_the_message_names_it(value, message):
    with pytest.raises(InvalidScoreError, match=message):
        to_score(value)


class WithDataloader:
    def query(self, graph, dataloader=None):
        return graph, dataloader


class Of2022:
    def query(self, xtest, info=None):
        return xtest, info


class GraphOnly:
    def query(self, graph):
        return graph, "nothing else"


class AnyKeyword:
    def query(self, graph, **others):
        return graph, others


@pytest.mark.parametrize(
    ("predictor", "expected"),
    [
        (WithDataloader(), ("network", "loader")),
        (Of2022(), ("network", None)),
        (GraphOnly(), ("network", "nothing else")),
        (AnyKeyword(), ("network", {"dataloader": "loader"})),
    ],
)
def test_query_is_called_as_its_signature_asks(predictor, expected):
    assert query_caller(predictor, "loader")("network") == expected


class TakesNothing:
    def query(self):
        return 0


class TakesTwo:
    def query(self, graph, temperature, dataloader=None):
        return 0


class HasNone:
    pass


@pytest.mark.parametrize(
    ("predictor", "message"),
    [
        (TakesNothing(), r"query\(\) cannot be called .*expected query\(self, graph, dataloader"),
        (TakesTwo(), "missing a required argument: 'temperature'"),
        (HasNone(), "no method query"),
    ],
)
def test_a_query_of_another_signature_is_refused_with_the_expected_one(predictor, message):
    with pytest.raises(TypeError, match=message):
        query_caller(predictor, None)


def test_a_helper_module_beside_the_entry_point_can_be_imported(tmp_path):
    (tmp_path / "compute_it.py").write_text("def answer(): return 42\n")
    (tmp_path / "predictor.py").write_text(
        "from compute_it import answer\n"
        "class ZeroCostPredictor:\n    def query(self, graph): return answer()\n"
    )
    assert load_predictor(tmp_path).query(None) == 42


def test_a_module_of_the_submission_takes_no_other_modules_place(tmp_path):
    (tmp_path / "colorsys.py").write_text("mine = True\n")
    (tmp_path / "predictor.py").write_text(
        "import colorsys\n"
        "class ZeroCostPredictor:\n    def query(self, graph): return hasattr(colorsys, 'mine')\n"
    )
    assert load_predictor(tmp_path).query(None) is False


def test_no_entry_point_and_no_class_are_told_apart(tmp_path):
    with pytest.raises(ImportError, match="no predictor.py or submission.py"):
        load_predictor(tmp_path)
    (tmp_path / "predictor.py").write_text("class Other: pass\n")
    with pytest.raises(ImportError, match="does not define a class ZeroCostPredictor"):
        load_predictor(tmp_path)


def test_relative_imports_of_files_beside_the_entry_point_work(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("from .deep import two\n")
    (tmp_path / "parts" / "deep.py").write_text("from ..one import one\ntwo = one + 1\n")
    (tmp_path / "one.py").write_text("one = 1\n")
    (tmp_path / "predictor.py").write_text(
        "from . import one\nfrom .one import one as number\nfrom .parts import two\n"
        "class ZeroCostPredictor:\n"
        "    def query(self, graph): return one.one + number + two\n"
    )
    predictor = load_predictor(tmp_path)
    assert predictor.query(None) == 4
    assert sys.modules["predictor"].ZeroCostPredictor is type(predictor)
