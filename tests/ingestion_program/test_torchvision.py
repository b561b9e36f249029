"""The stub of torchvision: published imports succeed, and using a name says what is missing."""

import importlib.util
import sys
from pathlib import Path

import pytest

STUB = Path(__file__).resolve().parents[2] / "ingestion_program" / "torchvision"
PUBLISHED = (
    "import torchvision\n"
    "import torchvision.transforms as transforms\n"
    "import torchvision.transforms.functional as F\n"
    "import torchvision.datasets as dset\n"
    "import torchvision.models as models\n"
    "from torchvision import datasets, transforms, utils\n"
    "from torchvision.datasets import CIFAR10, CIFAR100, ImageFolder\n"
    "from torchvision.transforms import Compose, Normalize, ToTensor\n"
    "from torchvision.utils import save_image\n"
    "class Mine(dset.VisionDataset):\n    pass\n"
)


@pytest.fixture(autouse=True)
def _stub(monkeypatch):
    kept = {name: module for name, module in sys.modules.items() if "torchvision" in name}
    for name in kept:
        del sys.modules[name]
    monkeypatch.syspath_prepend(str(STUB.parent))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
    sys.modules.update(kept)


def test_published_imports_succeed():
    names = {}
    exec(PUBLISHED, names)  # as a submission's module would
    assert names["CIFAR10"].__name__ == "CIFAR10"
    assert not isinstance(3, names["CIFAR10"])


@pytest.mark.parametrize(
    ("use", "name"),
    [
        ("transforms.Compose([])", "torchvision.transforms.Compose"),
        ("models.resnet18(weights=None)", "torchvision.models.resnet18"),
        ("F.normalize(1)", "torchvision.transforms.functional.normalize"),
        ("CIFAR10.url.format()", "torchvision.datasets.CIFAR10.url.format"),
        ("Mine()", "Mine"),
    ],
)
def test_using_a_name_says_what_is_missing(use, name):
    names = {}
    exec(PUBLISHED, names)
    with pytest.raises(NotImplementedError, match="torchvision is a stub here") as caught:
        exec(use, names)
    assert name in str(caught.value)


def test_it_looks_like_a_module_to_those_who_ask():
    import torchvision

    assert not hasattr(torchvision, "__file_that_is_not__")
    assert importlib.util.find_spec("torchvision") is not None
