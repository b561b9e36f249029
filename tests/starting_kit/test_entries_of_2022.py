"""Entries written for the 2022 competition run unmodified."""

import pytest

from zcnas.isolation.process import ProcessIsolation

# Of the cell of six 3x3 convolutions on CIFAR-10, layer by layer: stem, three stages of five cells,
# two reduction blocks, the last BatchNorm and the classifier.
ALL_3X3_PARAMETERS = (
    (9 * 3 * 16 + 2 * 16)
    + sum(5 * 6 * (9 * c * c + 2 * c) for c in (16, 32, 64))
    + sum(9 * c * 2 * c + 9 * 4 * c * c + 2 * 4 * c + 2 * c * c for c in (16, 32))
    + (2 * 64 + 64 * 10 + 10)
)

# Written from the description in the 2022 starting kit: the class derives from NASLib's Predictor,
# annotates with its Graph and torch's DataLoader, and takes the number of parameters as the score.
SAMPLE = """
from naslib.search_spaces.core.graph import Graph
from naslib.predictors.predictor import Predictor
from torch.utils.data import DataLoader


class ZeroCostPredictor(Predictor):
    def __init__(self):
        self.method_type = "MyZeroCostPredictorName"

    def pre_process(self) -> None:
        pass

    def query(self, graph: Graph, dataloader: DataLoader = None) -> float:
        assert isinstance(graph, Graph)
        assert isinstance(dataloader, DataLoader)
        inputs, labels = next(iter(dataloader))
        assert inputs.shape == (4, 3, 32, 32) and labels.shape == (4,)
        return sum(p.numel() for p in graph.parameters())
"""

FIRST_FORM = """
from naslib.predictors.predictor import Predictor
from compute import count_parameters


class ZeroCostPredictor(Predictor):
    def __init__(self):
        self.method_type = "count_params"

    def pre_process(self):
        pass

    def query(self, xtest, info=None):
        graph = xtest
        return count_parameters(graph)
"""

USES_THE_DATA = """
import torch.nn.functional as F
from naslib.predictors.predictor import Predictor


class ZeroCostPredictor(Predictor):
    method_type = "grad_norm"

    def query(self, graph, dataloader=None):
        x, y = next(iter(dataloader))
        graph.zero_grad()
        graph.get_loss_fn()(graph(x), y).backward()
        assert graph.num_classes == 10
        return sum(p.grad.norm() for p in graph.parameters())
"""


@pytest.mark.parametrize("entry_point", ["predictor.py", "submission.py"])
def test_the_sample_of_2022_runs_unmodified(ingest_source, isolation, entry_point, big):
    predictions, manifest, _ = ingest_source(
        SAMPLE, isolation, specs=(big,), entry_point=entry_point
    )
    assert predictions[0].message == ""
    assert predictions[0].score == ALL_3X3_PARAMETERS
    assert manifest.public.method == "MyZeroCostPredictorName"


def test_the_first_form_of_query_and_helper_modules_run_unmodified(ingest_source, tmp_path, big):
    (tmp_path / "submission").mkdir()
    (tmp_path / "submission" / "compute.py").write_text(
        "def count_parameters(model):\n    return sum(p.numel() for p in model.parameters())\n"
    )
    (tmp_path / "submission" / "metadata").write_text("")
    predictions, _, _ = ingest_source(FIRST_FORM, ProcessIsolation(), specs=(big,))
    assert predictions[0].score == ALL_3X3_PARAMETERS


def test_an_entry_that_uses_loss_and_data_runs_unmodified(ingest_source, big, small):
    predictions, _, _ = ingest_source(USES_THE_DATA, ProcessIsolation(), specs=(big, small))
    assert all(prediction.status == "ok" for prediction in predictions)
    assert predictions[0].score > predictions[1].score > 0


# Written from NASLib's tutorial of 2022: its own predictor of proxies, asked by an entry.
BUILT_ON_ZEROCOST = """
from naslib.predictors import ZeroCost
from naslib.utils import utils


class ZeroCostPredictor:
    def pre_process(self):
        utils.set_seed(9)
        self.synflow = ZeroCost(None, batch_size=32, method_type="synflow")
        self.params = ZeroCost(method_type="params")

    def query(self, graph, dataloader=None):
        self.synflow.pre_process()
        assert self.synflow.query(graph, dataloader) > 0
        return 1e6 * self.params.query(graph, dataloader=dataloader)
"""


def test_an_entry_built_on_the_tutorials_proxies_runs_unmodified(ingest_source, big):
    predictions, _, _ = ingest_source(BUILT_ON_ZEROCOST, ProcessIsolation(), specs=(big,))
    assert predictions[0].message == ""
    assert predictions[0].score == ALL_3X3_PARAMETERS


def test_an_entry_that_loads_a_dataset_is_told_where_minibatches_come_from(ingest_source, big):
    source = SAMPLE.replace(
        "pass", "from naslib.utils import get_train_val_loaders as load; load()"
    )
    predictions, _, _ = ingest_source(source, ProcessIsolation(), specs=(big,))
    assert "take minibatches from the dataloader that query(" in predictions[0].message
