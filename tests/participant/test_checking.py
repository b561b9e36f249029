"""What ``zcnas check`` refuses and warns of beyond what every run refuses."""

import sys

import pytest

from zcnas.errors import InvalidSubmission
from zcnas.participant.checking import check_submission
from zcnas.submissions import find_submission

QUERY = "class ZeroCostPredictor:\n    def query(self, graph, dataloader=None): return 1\n"


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


def refusal_of(folder):
    with pytest.raises(InvalidSubmission) as caught:
        check_submission(folder)
    return "\n".join(caught.value.problems)


@pytest.mark.parametrize("module", ["yaml", "requests", "wandb", "torchaudio"])
def test_a_package_the_image_does_not_have_is_refused_with_its_line(tmp_path, module):
    said = refusal_of(write(tmp_path / "mine", predictor=f"import os\nimport {module}\n{QUERY}"))
    assert f"predictor.py, line 2: the image has no module {module}" in said
    assert "sklearn" in said


def test_an_import_inside_query_or_in_a_helper_counts(tmp_path):
    inside = QUERY.replace("return 1", "import yaml.nodes; return 1")
    assert "line 2: the image has no module yaml" in refusal_of(
        write(tmp_path / "inside", predictor=inside)
    )
    said = refusal_of(
        write(
            tmp_path / "helper",
            predictor=f"from parts.one import f\n{QUERY}",
            parts__one="from . import two\n",
            parts__two="\nfrom httpx import get\n",
        )
    )
    assert "parts/two.py, line 2: the image has no module httpx" in said


@pytest.mark.parametrize(
    "source",
    [
        "import math, torch.nn as nn, numpy, scipy.stats, sklearn.svm, tqdm, pandas, psutil\n",
        "from PIL import Image\nfrom dateutil import parser\nimport matplotlib.pyplot as plt\n",
        "from zcnas.proxies import get_proxy\nfrom naslib.predictors.predictor import Predictor\n",
        "from helper import f\nfrom . import helper\nfrom .helper import f\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import wandb\n",
    ],
)
def test_what_the_image_has_is_accepted_without_a_warning(tmp_path, source):
    checked = check_submission(
        write(
            tmp_path / "mine", predictor=source + QUERY, helper="f = 1\n", unused="import wandb\n"
        )
    )
    assert not checked.remarks


def test_an_import_whose_absence_the_file_handles_is_a_warning(tmp_path):
    source = f"try:\n    import wandb\nexcept ImportError:\n    wandb = None\n{QUERY}"
    (warning,) = check_submission(write(tmp_path / "mine", predictor=source)).remarks
    assert warning.startswith("predictor.py, line 2: the image has no module wandb; your file")


def test_the_stub_of_torchvision_is_a_warning(tmp_path):
    source = f"from torchvision import transforms\n{QUERY}"
    (warning,) = check_submission(write(tmp_path / "mine", predictor=source)).remarks
    assert "torchvision is a stub" in warning


@pytest.mark.parametrize(
    ("signature", "fault"),
    [
        ("self", "takes no network"),
        ("", "takes no `self`"),
        ("self, graph, loader", "needs loader"),
        ("self, graph, dataloader, device", "needs device"),
        ("self, graph, *, seed", "needs seed"),
        ("self, dataloader, graph", "takes the network as `dataloader`"),
    ],
)
def test_a_query_nobody_can_call_is_refused(tmp_path, signature, fault):
    source = f"class ZeroCostPredictor:\n    def query({signature}): return 1\n"
    said = refusal_of(write(tmp_path / "mine", predictor=source))
    assert "predictor.py, line 2: query(" in said
    assert fault in said


@pytest.mark.parametrize(
    "signature",
    [
        *("self, graph", "self, graph, dataloader", "self, graph, info", "self, *a, **k"),
        *(
            "self, graph, dataloader=None, k=3",
            "self, net, *, dataloader",
            "self, graph, info=None",
        ),
        "self, graph, /, dataloader=None",
    ],
)
def test_every_signature_the_contract_can_call_is_accepted(tmp_path, signature):
    source = f"class ZeroCostPredictor:\n    def query({signature}): return 1\n"
    assert check_submission(write(tmp_path / "mine", predictor=source)).name == "mine"


FEW = "class ZeroCostPredictor:\n    track = 'few-labels'\n    def query(self, graph): return 1\n"


@pytest.mark.parametrize(
    ("method", "fault"),
    [
        ("", "states the track few-labels and has no method fit(self, graphs, accuracies)"),
        ("def fit(self, graphs): ...", "takes no accuracies; write fit(self, graphs, accuracies)"),
        ("def fit(self, graphs, accuracies, epochs): ...", "needs epochs, which nobody passes"),
        ("async def fit(self, graphs, accuracies): ...", "fit is `async`"),
    ],
)
def test_a_fit_nobody_can_call_is_refused_in_the_track_that_calls_it(tmp_path, method, fault):
    source = f"{FEW}    {method}\n"
    assert fault in refusal_of(write(tmp_path / "mine", predictor=source))
    check_submission(write(tmp_path / "other", predictor=source.replace("few-labels", "transfer")))


@pytest.mark.parametrize(
    "method",
    [
        "def fit(self, graphs, accuracies, dataloader): ...",
        "def fit(self, xtrain, ytrain, info_dict=None): ...",
        "def fit(self, *data): ...",
    ],
)
def test_a_fit_that_can_be_called_is_accepted(tmp_path, method):
    check_submission(write(tmp_path / "mine", predictor=f"{FEW}    {method}\n"))


@pytest.mark.parametrize("arguments", ["self", "self, answers, k"])
def test_a_combine_nobody_can_call_is_worth_a_remark(tmp_path, arguments):
    query = "class ZeroCostPredictor:\n    def query(self, graph): return 1\n"
    source = f"{query}    def combine({arguments}): ...\n"
    (remark,) = check_submission(write(tmp_path / "mine", predictor=source)).remarks
    assert f"predictor.py, line 3: combine({arguments})" in remark
    assert remark.endswith("write combine(self, answers)")
    fine = source.replace(f"({arguments}): ...", "(self, answers): ...")
    assert check_submission(write(tmp_path / "fine", predictor=fine)).remarks == ()


def test_a_class_without_query_is_refused_unless_it_may_inherit_one(tmp_path):
    assert "has no method query" in refusal_of(
        write(tmp_path / "none", predictor="class ZeroCostPredictor:\n    pass\n")
    )
    inherits = "from base import B\nclass ZeroCostPredictor(B):\n    pass\n"
    check_submission(write(tmp_path / "base", predictor=inherits, base="class B: pass\n"))


@pytest.mark.skipif(sys.version_info < (3, 12), reason="this Python cannot read newer syntax")
def test_syntax_the_images_python_does_not_know_is_refused(tmp_path):
    said = refusal_of(write(tmp_path / "mine", predictor=f"type Number = float\n{QUERY}"))
    assert "not valid in Python 3.11" in said


def test_an_entry_point_stands_for_its_folder(tmp_path):
    folder = write(tmp_path / "mine", predictor=QUERY)
    assert find_submission(folder / "predictor.py", print) == folder
    assert check_submission(find_submission(folder / "predictor.py", print)).name == "mine"
