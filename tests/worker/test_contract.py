import decimal
import fractions
import math
import struct
import sys

import numpy as np
import pytest
import torch

from zcnas.worker.contract import (
    SHIMS,
    InvalidScoreError,
    load_predictor,
    query_caller,
    to_score,
)


@pytest.fixture(autouse=True)
def _restore_imports():
    path, finders, modules = list(sys.path), list(sys.meta_path), set(sys.modules)
    yield
    sys.path[:], sys.meta_path[:] = path, finders
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


def test_a_later_submission_gets_its_own_parts(tmp_path):
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "parts.py").write_text(f"number = {number}\n")
        (folder / "predictor.py").write_text(
            "from .parts import number\nclass ZeroCostPredictor:\n"
            "    def query(self, graph): return number\n"
        )
        assert load_predictor(folder).query(None) == number


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


EDGES = (
    *(sys.float_info.max, -sys.float_info.max, sys.float_info.min, 5e-324, -5e-324, -0.0),
    *(1.7e308, 2**1023, -(2**1023), math.inf, -math.inf),
)


@pytest.mark.parametrize("value", EDGES)
def test_every_float64_is_its_own_score_to_the_last_bit(value):
    for form in (value, np.float64(value), np.array([[float(value)]]), np.array(value, object)):
        assert struct.pack("d", to_score(form)) == struct.pack("d", float(value))
    tensor = torch.tensor([float(value)], dtype=torch.float64)
    assert struct.pack("d", to_score(tensor)) == struct.pack("d", float(value))


@pytest.mark.parametrize(
    "dtype",
    [
        *(np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64),
        *(np.float16, np.float32, np.float64, np.longdouble),
    ],
)
def test_a_numpy_scalar_of_every_real_dtype_is_a_score(dtype):
    assert to_score(dtype(7)) == to_score(np.array([7], dtype)) == 7.0


@pytest.mark.parametrize(
    "dtype",
    [
        *(torch.int8, torch.uint8, torch.int16, torch.int32, torch.int64, torch.float16),
        *(torch.bfloat16, torch.float32, torch.float64, torch.float8_e4m3fn, torch.float8_e5m2),
    ],
)
def test_a_torch_scalar_of_every_real_dtype_is_a_score(dtype):
    assert to_score(torch.tensor(7).to(dtype)) == to_score(torch.tensor([7]).to(dtype)) == 7.0


class Unreadable:
    shape = ()
    dtype = None

    def item(self):
        raise RuntimeError("no data")


class Unprintable:
    def __repr__(self):
        return 1 / 0


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.bool_(True), "returned bool True"),
        (torch.tensor(True), "returned bool True"),
        (np.complex64(1), "returned complex (1+0j)"),
        (torch.tensor(1j), "returned complex 1j"),
        (decimal.Decimal("1e999999"), "returned Decimal"),
        (fractions.Fraction(10**6000, 3), "returned Fraction <Fraction instance"),
        (Unprintable(), "returned Unprintable <Unprintable instance"),
        ([1.0], "returned list [1.0]"),
        (np.timedelta64(5, "ns"), "returned timedelta64"),
        (np.ma.masked, "returned MaskedConstant masked"),
        (np.ma.array([1.0], mask=[True]), "returned MaskedArray"),
        (np.array(["7"]), "returned str '7'"),
        (np.array([None]), "returned NoneType None"),
        (np.float32("nan"), "returned NaN"),
        (np.longdouble("1e4000"), "returned a longdouble too large for a float"),
        (2**1024, "an integer too large for a float"),
        (10**6000, "an integer too large for a float"),
        (torch.empty(1, device="meta"), "returned a Tensor whose number cannot be read"),
        (Unreadable(), "returned a Unreadable whose number cannot be read (RuntimeError('no data'"),
        ("x" * 10_000, "returned str 'xxx"),
    ],
    ids=lambda part: "value" if not isinstance(part, str) else part[:30],
)
def test_what_is_no_real_number_or_beyond_float64_is_invalid(value, message):
    with pytest.raises(InvalidScoreError) as caught:
        to_score(value)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("shim", SHIMS)
def test_a_submissions_own_package_wins_over_the_shim_of_its_name(tmp_path, monkeypatch, shim):
    ours, own = tmp_path / "program" / shim, tmp_path / "submission" / shim
    for folder, text in ((ours, "WHOSE = 'ours'"), (own, "WHOSE = 'own'")):
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(text)
    monkeypatch.syspath_prepend(str(ours.parent))
    (own / "part.py").write_text("WHOSE = 'its part'")
    (own.parent / "predictor.py").write_text(
        f"import {shim}\nfrom {shim}.part import WHOSE as part\n"
        f"class ZeroCostPredictor:\n    whose = ({shim}.WHOSE, part)\n"
    )
    assert load_predictor(own.parent).whose == ("own", "its part")


def test_a_package_of_another_name_replaces_nothing(tmp_path):
    (tmp_path / "json").mkdir()
    (tmp_path / "json" / "__init__.py").write_text("OWN = True")
    (tmp_path / "predictor.py").write_text(
        "import json\nclass ZeroCostPredictor:\n    own = hasattr(json, 'OWN')\n"
    )
    assert not load_predictor(tmp_path).own
